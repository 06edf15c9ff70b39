import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** One thing a process needs to do its work. It throws, or its promise rejects, when the thing is not there. */
export type Check = () => void | Promise<void>

export interface HealthServer extends AsyncDisposable {
  readonly port: number
}

const CHECK_TIMEOUT_MS = 2_000

/** Names of the checks that fail now, each with why. */
export const failingChecks = async (checks: Readonly<Record<string, Check>>): Promise<Record<string, string>> => {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string] | undefined> => {
      const timeout = Promise.withResolvers<never>()
      const timer = setTimeout(() => timeout.reject(new Error('no answer in 2 s')), CHECK_TIMEOUT_MS)
      try {
        await Promise.race([Promise.resolve().then(check), timeout.promise])
        return undefined
      } catch (thrown) {
        return [name, thrown instanceof Error ? thrown.message : String(thrown)]
      } finally {
        clearTimeout(timer)
      }
    }),
  )
  return Object.fromEntries(results.filter((result) => result !== undefined))
}

/**
 * The small server beside a process that serves nobody else: `/healthz` (200 while the process runs), `/readyz` (200 when
 * every check passes, else 503 that names what fails) and `/metrics` for Prometheus.
 */
export const startHealthServer = async (options: {
  host: string
  port: number
  checks: Readonly<Record<string, Check>>
  metrics: Pick<Registry, 'contentType' | 'metrics'>
}): Promise<HealthServer> => {
  const server = createServer(async (req, res) => {
    const answer = (status: number, type: string, body: string) =>
      res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    if (req.url === '/healthz') return answer(200, 'text/plain', 'ok\n')
    if (req.url === '/metrics') return answer(200, options.metrics.contentType, await options.metrics.metrics())
    if (req.url !== '/readyz') return answer(404, 'text/plain', 'not found\n')
    const failing = await failingChecks(options.checks)
    const isReady = Object.keys(failing).length === 0
    return answer(isReady ? 200 : 503, 'application/json', `${JSON.stringify({ ready: isReady, failing })}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    // A server that listens on TCP has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
