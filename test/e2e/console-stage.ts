import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BoundProcess, startBoundProcess } from '@pushfn/local/bound-process'
import { findFreePort } from '@pushfn/local/free-port'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { type Bus, openBus } from '@pushfn/store/bus'
import type { Database } from '@pushfn/store/database'
import { openTestDatabase } from '../support/database.ts'
import { testServers } from '../support/servers.ts'

/** A real api process with a database and a name in Redis of its own, and the test's hand on both. */
export interface ConsoleStage extends AsyncDisposable {
  /** Where browsers find it: `http://console.localhost:<port>`. */
  readonly consoleUrl: string
  /** The same for programs, which do not all resolve `*.localhost`. */
  readonly apiUrl: string
  readonly db: Database
  readonly bus: Bus
  readonly cloud: string
  readonly operatorToken: string
  /** Stops the api as an upgrade would, and starts it again. */
  restart(): Promise<void>
}

const START_LIMIT_MS = 20_000

export const startConsole = async (env: Record<string, string> = {}): Promise<ConsoleStage> => {
  await using undo = new AsyncDisposableStack()
  const { redisUrl } = testServers()
  const { db, url } = undo.use(await openTestDatabase())
  const bus = undo.use(openBus(redisUrl, () => {}))
  const dir = await mkdtemp(join(tmpdir(), 'pushfn-console-'))
  undo.defer(() => rm(dir, { recursive: true, force: true }))
  const port = await findFreePort()
  const stage = {
    consoleUrl: `http://console.localhost:${port}`,
    apiUrl: `http://127.0.0.1:${port}/api/v1`,
    db,
    bus,
    cloud: `console-${port}`,
    operatorToken: 'an-operators-token',
  }
  const startApi = async (): Promise<BoundProcess> => {
    const logPath = join(dir, 'api.log')
    const api = await startBoundProcess(process.execPath, [join(repositoryRoot, 'apps/api/dist/main.js')], {
      logPath,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: url,
        REDIS_URL: redisUrl,
        PUSHFN_CLOUD: stage.cloud,
        PUSHFN_SECRET: 'a-secret-of-the-test',
        OPERATOR_TOKEN: stage.operatorToken,
        CONSOLE_URL: stage.consoleUrl,
        DATA_DIR: dir,
        API_PORT: String(port),
        ...env,
      },
    })
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await isReady(port))) {
      if (Date.now() > deadline) throw new Error(`the api does not answer:\n${await readFile(logPath, 'utf8')}`)
      await sleep(50)
    }
    return api
  }
  let api = await startApi()
  undo.defer(() => api.stop())
  const restart = async () => {
    await api.stop()
    api = await startApi()
  }
  const end = undo.move()
  return { ...stage, restart, [Symbol.asyncDispose]: () => end.disposeAsync() }
}

const isReady = async (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
