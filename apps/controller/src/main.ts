import { setTimeout as sleep } from 'node:timers/promises'
import { createDockerEngine } from '@pushfn/engine/docker/docker-engine'
import { secretsDirProblem } from '@pushfn/engine/docker/secret-files'
import { readConfiguration } from '@pushfn/kit/configuration'
import { startHealthServer } from '@pushfn/kit/health-server'
import { keyringOf } from '@pushfn/kit/keyring-settings'
import { createLog } from '@pushfn/kit/log'
import { createMetrics } from '@pushfn/kit/metrics'
import { type RunningApp, run } from '@pushfn/kit/run'
import { openBus } from '@pushfn/store/bus'
import { openSchedules } from '@pushfn/store/calls/schedules'
import { openDatabase, pingDatabase } from '@pushfn/store/database'
import { watchGateways } from '@pushfn/store/gateways'
import { becomeLeader } from '@pushfn/store/leader'
import { watchLoads } from '@pushfn/store/loads'
import { trackAliases } from './aliases.ts'
import { lead } from './leadership.ts'
import { trackReplicas } from './replicas.ts'
import { openRouteTable } from './route-table.ts'
import { openScales } from './scale/function-scale.ts'
import { settings } from './settings.ts'
import { openTurns } from './turns.ts'

/** runs: makes the engine match the database. Of several controllers one leads; the others wait for its place. */
let log = createLog('controller', 'info')

const start = async (): Promise<RunningApp> => {
  const config = readConfiguration(settings, process.env)
  log = createLog('controller', config.logLevel)
  const db = openDatabase(config.databaseUrl)
  const onRedisError = (err: Error) => log.warn({ err: err.message }, 'redis does not answer')
  const bus = openBus(config.redisUrl, onRedisError)
  const { registryUser: username, registryPassword } = config
  const registryLogin = username && registryPassword ? { username, password: registryPassword.reveal() } : undefined
  const engine = createDockerEngine({
    docker: config.dockerSocket,
    cloud: config.cloud,
    networkPool: config.networkPool,
    subnetBits: config.networkBits,
    isolate: config.isIsolated,
    egress: config.egress,
    hostPorts: config.hostPorts.map(Number),
    buildsMayReach: config.buildsMayReach,
    secretsDir: config.secretsDir,
    ...(config.runtime && { runtime: config.runtime }),
    ...(registryLogin && { registryLogin }),
  })
  const keyring = keyringOf(config)
  const problem = await secretsDirProblem(config.secretsDir)
  if (problem)
    log.warn({ problem }, 'functions that name secrets do not start: name a folder of a tmpfs by SECRETS_DIR')
  const stopping = new AbortController()

  /** One leadership after another: what a lost one knew is forgotten. */
  const leadOnce = async () => {
    await using leadership = await becomeLeader(config.databaseUrl, config.cloud, stopping.signal)
    const lost = new AbortController()
    void leadership.lost.then((err) => lost.abort(err))
    const signal = AbortSignal.any([stopping.signal, lost.signal])
    const gateways = await watchGateways(bus, config.cloud)
    const loads = await watchLoads(bus, config.cloud)
    await using schedules = openSchedules(bus.redis, config.cloud, onRedisError)
    log.info('leading')
    try {
      const routes = openRouteTable(bus.redis, config.cloud, (err) =>
        log.warn({ err }, 'a route could not be published'),
      )
      await lead({
        config,
        log,
        db,
        bus,
        engine,
        gateways,
        loads,
        aliases: trackAliases(db, config.commitIdleMs),
        scales: openScales(config.stableWindowMs),
        signal,
        routes,
        schedules,
        keyring,
        failedSecrets: new Map(),
        replicas: trackReplicas(engine),
        inTurn: openTurns(),
      })
    } finally {
      gateways.close()
      loads.close()
      log.info('leading no more')
    }
  }
  const leading = (async () => {
    while (!stopping.signal.aborted) {
      await leadOnce().catch((err) => {
        if (!stopping.signal.aborted) log.warn({ err }, 'could not lead; it is tried again')
      })
      if (!stopping.signal.aborted) await sleep(1_000)
    }
  })()

  const health = await startHealthServer({
    host: config.healthHost,
    port: config.healthPort,
    metrics: createMetrics('controller'),
    checks: { database: () => pingDatabase(db), engine: async () => void (await engine.ping()) },
  })
  return {
    stop: async () => {
      stopping.abort()
      await leading
      await health[Symbol.asyncDispose]()
      await bus[Symbol.asyncDispose]()
      await db.$disconnect()
    },
  }
}

await run(() => log, start)
