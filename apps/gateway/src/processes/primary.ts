import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHealthServer } from '@pushfn/kit/health-server'
import type { Log } from '@pushfn/kit/log'
import { createMetrics } from '@pushfn/kit/metrics'
import type { RunningApp } from '@pushfn/kit/run'
import { type AsyncService, startAsyncService } from '../async/async-service.ts'
import type { GatewayConfiguration } from '../settings.ts'
import { gatewayMetrics } from './gateway-metrics.ts'
import { WorkerPool } from './worker-pool.ts'

/**
 * The primary serves nobody: it keeps the workers running and answers for all of them on the admin port. What it calls
 * itself it calls through `internalPath`, a socket that only this user reaches; the workers believe what comes there.
 */
export const startPrimary = async (configuration: GatewayConfiguration, log: Log): Promise<RunningApp> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-gateway-'))
  // mkdtemp makes it 0700; said once more, since all that the socket lets pass depends on it.
  await chmod(folder, 0o700)
  const internalPath = join(folder, 'internal.sock')
  const processes = configuration.processes || availableParallelism()
  const workers = new WorkerPool({ processes, port: configuration.port, internalPath, log })
  let isStopping = false
  let calls: AsyncService
  try {
    await workers.start()
    calls = await startAsyncService(configuration, { door: { socketPath: internalPath }, log })
  } catch (error) {
    await workers.stop()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const admin = await startHealthServer({
    host: configuration.adminHost,
    port: configuration.adminPort,
    metrics: gatewayMetrics(workers, createMetrics('gateway'), calls.queues),
    checks: {
      workers: async () => {
        const ready = (await workers.states()).filter((state) => state.isReady).length
        // Half of them carry the load of all for the while that a successor needs.
        if (ready * 2 < processes) throw new Error(`${ready} of ${processes} workers have read the route table`)
      },
      running: () => {
        if (isStopping) throw new Error('stopping')
      },
    },
  })
  log.info({ port: workers.port, adminPort: admin.port, processes }, 'listening')

  return {
    stop: async () => {
      isStopping = true
      // Before the workers, who carry the calls that are under way.
      await calls.stop()
      await workers.stop()
      await rm(folder, { recursive: true, force: true })
      await admin[Symbol.asyncDispose]()
    },
  }
}
