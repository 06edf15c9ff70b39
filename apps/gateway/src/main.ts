import cluster from 'node:cluster'
import { readConfiguration } from '@pushfn/kit/configuration'
import { createLog, type Log } from '@pushfn/kit/log'
import { run } from '@pushfn/kit/run'
import { startPrimary } from './processes/primary.ts'
import { runWorker } from './processes/worker.ts'
import { settings } from './settings.ts'

if (cluster.isPrimary) {
  let log: Log | undefined
  await run(
    () => log ?? createLog('gateway', 'info'),
    () => {
      const configuration = readConfiguration(settings, process.env)
      log = createLog('gateway', configuration.logLevel)
      return startPrimary(configuration, log)
    },
  )
} else {
  const configuration = readConfiguration(settings, process.env)
  const log = createLog('gateway', configuration.logLevel).child({ worker: cluster.worker?.id })
  runWorker(configuration, log)
}
