import { readConfiguration } from '@pushfn/kit/configuration'
import { createLog, type Log } from '@pushfn/kit/log'
import { run } from '@pushfn/kit/run'
import { startGateway } from './gateway.ts'
import { settings } from './settings.ts'

let log: Log | undefined

await run(
  () => log ?? createLog('gateway', 'info'),
  () => {
    const configuration = readConfiguration(settings, process.env)
    log = createLog('gateway', configuration.logLevel)
    return startGateway(configuration, log)
  },
)
