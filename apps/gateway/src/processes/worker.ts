import { chmod } from 'node:fs/promises'
import type { Log } from '@pushfn/kit/log'
import { createMetrics } from '@pushfn/kit/metrics'
import { type Gateway, startGateway } from '../gateway.ts'
import type { GatewayConfiguration } from '../settings.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

/** The last word of a worker, so that its calls stay counted. */
const NOBODY_ASKED = 0

/**
 * One worker: a whole gateway that follows the routes by itself. It starts when the primary says how, and stops when the
 * primary says so, dies, or a signal comes that was meant for all (Ctrl-C, systemd), once however many of these come.
 */
export const runWorker = (configuration: GatewayConfiguration, log: Log): void => {
  const node = createMetrics('gateway')
  let gateway: Gateway | undefined
  let isStopping = false

  const start = async (message: Extract<ToWorker, { kind: 'start' }>): Promise<void> => {
    try {
      gateway = await startGateway(
        { ...configuration, port: message.port },
        { internalPath: message.internalPath, log },
      )
      await chmod(message.internalPath, 0o600)
      await tell({ kind: 'listening', port: gateway.port })
    } catch (err) {
      const failed = err instanceof Error ? err : new Error(String(err))
      log.error({ err }, 'could not start')
      await tell({ kind: 'failed', message: failed.message, isConfiguration: failed.name === 'ConfigurationError' })
      process.exit(1)
    }
  }

  const answer = async (id: number): Promise<void> => {
    if (gateway) await tell({ kind: 'told', id, state: { ...gateway.state(), node: await node.getMetricsAsJSON() } })
  }

  const stop = async (): Promise<void> => {
    if (isStopping) return
    isStopping = true
    try {
      await gateway?.stop()
      await answer(NOBODY_ASKED)
      process.exit(0)
    } catch (err) {
      log.error({ err }, 'stopping failed')
      process.exit(1)
    }
  }

  process.on('message', (message: ToWorker) => {
    if (message.kind === 'start') void start(message)
    else if (message.kind === 'ask') void answer(message.id)
    else void stop()
  })
  process.on('disconnect', stop)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Resolves when the message has left. */
const tell = (message: ToPrimary): Promise<unknown> =>
  new Promise((resolve) => (process.connected ? process.send?.(message, resolve) : resolve(undefined)))
