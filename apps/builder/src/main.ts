import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { signCheckoutToken } from '@pushfn/forge/builtin/checkout-token'
import { createForges } from '@pushfn/forge/forges'
import { forgeSettingsFrom } from '@pushfn/forge/settings-from'
import { limitBuilds } from '@pushfn/images/limit-builds'
import { readConfiguration } from '@pushfn/kit/configuration'
import { startHealthServer } from '@pushfn/kit/health-server'
import { keyringOf } from '@pushfn/kit/keyring-settings'
import { createLog } from '@pushfn/kit/log'
import { createMetrics } from '@pushfn/kit/metrics'
import { type RunningApp, run } from '@pushfn/kit/run'
import { signingKeyOf } from '@pushfn/kit/signing-key'
import { openBuildBell, startBuildWorker } from '@pushfn/store/build-queue'
import { openBus } from '@pushfn/store/bus'
import { openDatabase, pingDatabase } from '@pushfn/store/database'
import Docker from 'dockerode'
import { startCommenter } from './commenter.ts'
import { connectGithub } from './connect-github.ts'
import type { BuilderContext } from './context.ts'
import { runBuild } from './pipeline.ts'
import { startRebuilder } from './rebuilds/start-rebuilder.ts'
import { removeLitter } from './remove-litter.ts'
import { startReporter } from './reporter.ts'
import { type SbomMaker, startSbomMaker } from './sboms/start-sbom-maker.ts'
import { settings } from './settings.ts'
import { openStackParser } from './stack-parser.ts'

/** builds: one push in, one image per function out, progress reported. */
let log = createLog('builder', 'info')

/** A checkout takes minutes at the most; its ticket lives a little longer. */
const CHECKOUT_TOKEN_MS = 600_000

const start = async (): Promise<RunningApp> => {
  const config = readConfiguration(settings, process.env)
  log = createLog('builder', config.logLevel)
  const onRedisError = (err: Error) => log.warn({ err: err.message }, 'redis does not answer')
  const stopping = new AbortController()
  const context: BuilderContext = {
    config,
    log,
    db: openDatabase(config.databaseUrl),
    bus: openBus(config.redisUrl, onRedisError),
    docker: new Docker({ socketPath: config.dockerSocket }),
    stackParser: openStackParser(),
    urls: { functionsUrl: config.functionsUrl, consoleUrl: config.consoleUrl },
    signingKey: signingKeyOf(config.secret),
    keyring: keyringOf(config),
    owner: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
    stopping: stopping.signal,
    forges: createForges({
      ...forgeSettingsFrom(config),
      builtin: {
        gitUrl: (owner, name) => `${config.apiUrl}/git/${owner}/${name}.git`,
        checkoutToken: (repository) =>
          signCheckoutToken(
            { repositoryId: repository.id, expiresAt: Date.now() + CHECKOUT_TOKEN_MS },
            config.secret.reveal(),
          ),
      },
    }),
  }
  const githubApp = await connectGithub(context)
  const limits = {
    memoryMiB: config.buildMemoryMiB,
    processes: config.buildProcesses,
    cpus: config.buildCpus,
    stepsAtOnce: config.concurrency * config.functionsAtOnce,
  }
  const limited = await limitBuilds(context.docker, limits, (problem) =>
    log.warn({ problem }, 'steps of builds may have no limits'),
  )
  // What a builder that was killed left behind: one builder to a data folder.
  await rm(join(config.dataDir, 'builds'), { recursive: true, force: true })
  void removeLitter(context).catch((err) => log.warn({ err }, 'images of failed builds stay'))
  const running = new Set<Promise<void>>()
  let sbomMaker: SbomMaker | undefined
  const worker = startBuildWorker({ ...config, onError: onRedisError }, async (buildId) => {
    const work = runBuild(context, buildId)
    running.add(work)
    sbomMaker?.giveWay()
    await work.finally(() => running.delete(work))
  })
  const reporter = await startReporter(context)
  const commenter = await startCommenter(context)
  const bell = openBuildBell(config.redisUrl, config.cloud, onRedisError)
  const rebuilder = await startRebuilder(context, bell)
  sbomMaker = await startSbomMaker(context, () => running.size === 0)
  const health = await startHealthServer({
    host: config.healthHost,
    port: config.healthPort,
    metrics: createMetrics('builder'),
    checks: {
      database: () => pingDatabase(context.db),
      engine: async () => void (await context.docker.ping()),
      worker: () => worker.check(),
    },
  })
  return {
    stop: async () => {
      stopping.abort()
      githubApp?.[Symbol.dispose]()
      await worker[Symbol.asyncDispose]()
      await Promise.allSettled(running)
      limited[Symbol.dispose]()
      await reporter[Symbol.asyncDispose]()
      await commenter[Symbol.asyncDispose]()
      await rebuilder[Symbol.asyncDispose]()
      await bell[Symbol.asyncDispose]()
      await sbomMaker?.[Symbol.asyncDispose]()
      await context.stackParser[Symbol.asyncDispose]()
      await health[Symbol.asyncDispose]()
      await context.bus[Symbol.asyncDispose]()
      await context.db.$disconnect()
    },
  }
}

await run(() => log, start)
