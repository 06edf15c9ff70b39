import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BoundProcess, startBoundProcess } from '@pushfn/local/bound-process'
import { findFreePort } from '@pushfn/local/free-port'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { migrate } from '@pushfn/store/migrate'
import Docker from 'dockerode'
import type { FakeAccountForge } from './account-forge/start.ts'
import { emptyDatabase, MIGRATIONS } from './database.ts'
import { startGitea } from './gitea/start-gitea.ts'
import { createAppKey } from './github/app-key.ts'
import type { FakeGithub } from './github/fake-github.ts'
import { startGithub } from './github/start-github.ts'
import { startGitlab } from './gitlab/start-gitlab.ts'
import { removeCloud } from './remove-cloud.ts'
import { testServers } from './servers.ts'

export type AppName = 'api' | 'builder' | 'controller' | 'gateway'

/** A whole cloud of the test's own, as `npm start` has it: every process real, on free ports, beside any other cloud. */
export interface World extends AsyncDisposable {
  readonly cloud: string
  readonly github: FakeGithub
  /** With a hook of the whole forge that leads here; so has the other. */
  readonly gitlab: FakeAccountForge
  readonly gitea: FakeAccountForge
  readonly databaseUrl: string
  readonly consoleUrl: string
  /** The api past the gateway, for programs that do not find `*.localhost`. */
  readonly apiUrl: string
  readonly operatorToken: string
  readonly docker: Docker
  /** `http://<tenant>.fn.localhost:<port>/<function>` */
  functionUrl(tenant: string, name: string): string
  /** The process as it runs now. */
  app(name: AppName): BoundProcess
  /** Starts an app (again); its settings are the world's and what is given on top. */
  start(name: AppName, env?: Record<string, string>): Promise<void>
  /** Starts one more process of an app beside the one there is, with a port and a data folder of its own. */
  startAnother(name: 'builder' | 'controller'): Promise<BoundProcess>
  /** Where the app keeps what it works on; the api's and the builder's are one. */
  readonly dataDir: string
  /** What the app logged so far, all its processes together. */
  logOf(name: AppName): Promise<string>
}

export interface WorldOptions {
  /** Settings on top of the world's own. */
  env?: Record<string, string>
  /** Servers of the test's own, for it to stop and wipe; the run's shared ones unless told. */
  databaseUrl?: string
  redisUrl?: string
}

const WEBHOOK_SECRET = 'a-webhook-secret-for-tests'
const APP_ID = 4242

export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  await using undo = new AsyncDisposableStack()
  const cloud = `t${process.env.PUSHFN_TEST_RUN ?? ''}${randomBytes(4).toString('hex')}`
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-world-'))
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  const databaseUrl = options.databaseUrl ?? undo.use(await emptyDatabase()).url
  await migrate(databaseUrl, MIGRATIONS)
  const docker = new Docker({ socketPath: needed('PUSHFN_TEST_DOCKER_SOCKET') })
  undo.defer(() => removeCloud(docker, cloud))

  const ports = {
    api: await findFreePort(),
    gateway: await findFreePort(),
    gatewayAdmin: await findFreePort(),
    builder: await findFreePort(),
    controller: await findFreePort(),
  }
  const key = createAppKey()
  const github = undo.use(
    await startGithub({
      webhookUrl: `http://127.0.0.1:${ports.api}/webhooks/github`,
      webhookSecret: WEBHOOK_SECRET,
      app: { id: APP_ID, ...key },
    }),
  )
  const gitlab = undo.use(await startGitlab())
  gitlab.addSystemHook(`http://127.0.0.1:${ports.api}/webhooks/gitlab`, WEBHOOK_SECRET)
  const gitea = undo.use(await startGitea())
  gitea.addSystemHook(`http://127.0.0.1:${ports.api}/webhooks/gitea`, WEBHOOK_SECRET)
  const operatorToken = randomBytes(24).toString('hex')
  const dataDir = join(folder, 'data')
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    PUSHFN_CLOUD: cloud,
    LOG_LEVEL: 'debug',
    DATABASE_URL: databaseUrl,
    REDIS_URL: options.redisUrl ?? testServers().redisUrl,
    PUSHFN_SECRET: randomBytes(32).toString('hex'),
    OPERATOR_TOKEN: operatorToken,
    FUNCTIONS_URL: `http://fn.localhost:${ports.gateway}`,
    CONSOLE_URL: `http://console.localhost:${ports.gateway}`,
    DATA_DIR: dataDir,
    DOCKER_SOCKET: needed('PUSHFN_TEST_DOCKER_SOCKET'),
    BASE_IMAGE: needed('PUSHFN_TEST_BASE_IMAGE'),
    API_PORT: String(ports.api),
    API_URL: `http://127.0.0.1:${ports.api}`,
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_ADMIN_PORT: String(ports.gatewayAdmin),
    BUILDER_HEALTH_PORT: String(ports.builder),
    CONTROLLER_HEALTH_PORT: String(ports.controller),
    READY_LIMIT_MS: '10000',
    RESYNC_MS: '1000',
    TENANTS: 'anyone',
    // Most tests are about what webhooks tell; those about what they miss say when to look.
    CATCH_UP_MS: '0',
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_PRIVATE_KEY: key.privateKey,
    GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_CLONE_URL: github.url,
    GITLAB_URL: gitlab.url,
    GITLAB_TOKEN: gitlab.token,
    GITLAB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    GITEA_URL: gitea.url,
    GITEA_TOKEN: gitea.token,
    GITEA_WEBHOOK_SECRET: WEBHOOK_SECRET,
    ...options.env,
  }
  const healthPorts: Record<AppName, number> = {
    api: ports.api,
    builder: ports.builder,
    controller: ports.controller,
    gateway: ports.gatewayAdmin,
  }
  const apps = new Map<AppName, BoundProcess>()
  const logPath = (name: AppName) => join(folder, `${name}.log`)
  const spawnApp = (name: AppName, more: Record<string, string>) => {
    const main = join(repositoryRoot, `apps/${name}/dist/main.js`)
    return startBoundProcess(process.execPath, [main], { logPath: logPath(name), env: { ...env, ...more } })
  }
  const untilServing = (name: AppName, app: BoundProcess, port: number) =>
    untilReady(`http://127.0.0.1:${port}/readyz`, app, () => readFile(logPath(name), 'utf8'))
  const start = async (name: AppName, more: Record<string, string> = {}) => {
    const app = await spawnApp(name, more)
    apps.set(name, app)
    await untilServing(name, app, healthPorts[name])
  }
  const others: BoundProcess[] = []
  const startAnother = async (name: 'builder' | 'controller') => {
    const port = await findFreePort()
    const app = await spawnApp(name, {
      [`${name.toUpperCase()}_HEALTH_PORT`]: String(port),
      DATA_DIR: `${dataDir}-${others.length + 1}`,
    })
    others.push(app)
    await untilServing(name, app, port)
    return app
  }
  undo.defer(async () => {
    await Promise.all(others.map((app) => app.stop()))
    for (const name of ['gateway', 'controller', 'builder', 'api'] as const) await apps.get(name)?.stop()
  })
  await Promise.all((['api', 'builder', 'controller', 'gateway'] as const).map((name) => start(name)))

  const end = undo.move()
  return {
    cloud,
    github,
    gitlab,
    gitea,
    databaseUrl,
    consoleUrl: env.CONSOLE_URL ?? '',
    apiUrl: env.API_URL ?? '',
    operatorToken,
    docker,
    functionUrl: (tenant, name) => `http://${tenant}.fn.localhost:${ports.gateway}/${name}`,
    app: (name) => {
      const app = apps.get(name)
      if (!app) throw new Error(`${name} was not started`)
      return app
    },
    start,
    startAnother,
    dataDir,
    logOf: (name) => readFile(logPath(name), 'utf8'),
    [Symbol.asyncDispose]: () => end.disposeAsync(),
  }
}

const needed = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests by vitest.config.ts`)
  return value
}

const READY_LIMIT_MS = 60_000

const untilReady = async (url: string, app: BoundProcess, log: () => Promise<string>): Promise<void> => {
  let end: string | undefined
  void app.ended.then((how) => {
    end = how
  })
  const until = Date.now() + READY_LIMIT_MS
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return
    if (end !== undefined || Date.now() > until) {
      throw new Error(`${url} is not ready (${end ?? 'it runs'}); it logged:\n${(await log()).slice(-3_000)}`)
    }
    await sleep(25)
  }
}
