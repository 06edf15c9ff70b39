import 'reflect-metadata'
import { createForges } from '@pushfn/forge/forges'
import { forgeSettingsFrom } from '@pushfn/forge/settings-from'
import { readConfiguration } from '@pushfn/kit/configuration'
import { keyringOf } from '@pushfn/kit/keyring-settings'
import { createLog } from '@pushfn/kit/log'
import { createMetrics } from '@pushfn/kit/metrics'
import { type RunningApp, run } from '@pushfn/kit/run'
import { openBuildBell } from '@pushfn/store/build-queue'
import { openBus } from '@pushfn/store/bus'
import { openCallOffice } from '@pushfn/store/calls/call-office'
import { openDatabase } from '@pushfn/store/database'
import { startCatchUp } from './catch-up/start-catch-up.ts'
import { connectGithub } from './connect-github.ts'
import type { ApiContext } from './context.ts'
import { startAskServer } from './domains/ask-server.ts'
import { openDns } from './domains/dns.ts'
import { startDomainChecker } from './domains/domain-checker.ts'
import { startHttpServer } from './http-server.ts'
import { startReconciler } from './reconciler.ts'
import { settings } from './settings.ts'
import { loadAllowedTenants } from './webhooks/allowed-tenants.ts'
import { startHourlySweep } from './webhooks/hourly-sweep.ts'

/** accepts: webhooks, git pushes, the REST API; serves the console. */
let log = createLog('api', 'info')

const start = async (): Promise<RunningApp> => {
  const config = readConfiguration(settings, process.env)
  log = createLog('api', config.logLevel)
  const onRedisError = (err: Error) => log.warn({ err: err.message }, 'redis does not answer')
  const db = openDatabase(config.databaseUrl)
  const bus = openBus(config.redisUrl, onRedisError)
  const bell = openBuildBell(config.redisUrl, config.cloud, onRedisError)
  const allowed = await loadAllowedTenants({ ...config, isAnyoneAllowed: config.tenants === 'anyone', log })
  const context: ApiContext = {
    config,
    log,
    db,
    bus,
    bell,
    calls: openCallOffice(bus.redis, config.cloud, onRedisError),
    allowed,
    forges: createForges(forgeSettingsFrom(config)),
    metrics: createMetrics('api'),
    findRecords: openDns(config.dnsServers),
    keyring: keyringOf(config),
    urls: { functionsUrl: config.functionsUrl, consoleUrl: config.consoleUrl },
  }
  const githubApp = await connectGithub(context)
  const server = await startHttpServer(context)
  const reconciler = startReconciler(context)
  const domainChecker = startDomainChecker(context)
  const catchUp = startCatchUp(context)
  const hourlySweep = startHourlySweep(context)
  const askServer = config.askPort === 0 ? undefined : await startAskServer(context)
  return {
    stop: async () => {
      githubApp?.[Symbol.dispose]()
      reconciler[Symbol.dispose]()
      domainChecker[Symbol.dispose]()
      hourlySweep[Symbol.dispose]()
      await catchUp[Symbol.asyncDispose]()
      await askServer?.[Symbol.asyncDispose]()
      await server.close()
      allowed[Symbol.dispose]()
      await context.calls[Symbol.asyncDispose]()
      await bell[Symbol.asyncDispose]()
      await bus[Symbol.asyncDispose]()
      await db.$disconnect()
    },
  }
}

await run(() => log, start)
