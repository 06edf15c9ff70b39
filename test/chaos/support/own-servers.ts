import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import { startPostgres } from '@pushfn/local/postgres'
import { startRedis } from '@pushfn/local/redis'

/** A server of a test's own, for it to end and start again where it was. */
export interface OwnServer extends AsyncDisposable {
  readonly url: string
  /** Ends it as a crash does: nothing is written down, no connection is closed in good order. */
  crash(): Promise<void>
  start(): Promise<void>
}

/** Keeps nothing on disk: after a crash it is empty. */
export const ownRedis = async (): Promise<OwnServer> => {
  const dir = await mkdtemp(join(tmpdir(), 'pushfn-redis-'))
  const port = await findFreePort()
  return ownServer(dir, join(dir, 'redis.pid'), 'SIGKILL', () => startRedis({ dir, port, isThrowaway: true }))
}

/** Keeps what it said it has. */
export const ownPostgres = async (): Promise<OwnServer> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pushfn-postgres-'))
  const port = await findFreePort()
  return ownServer(dataDir, join(dataDir, 'cluster/postmaster.pid'), 'SIGQUIT', () => startPostgres({ dataDir, port }))
}

const ownServer = async (
  dir: string,
  pidPath: string,
  crashSignal: NodeJS.Signals,
  launch: () => Promise<{ url: string; stop(): Promise<void> }>,
): Promise<OwnServer> => {
  let running = await launch()
  return {
    url: running.url,
    crash: async () => {
      const pid = Number((await readFile(pidPath, 'utf8')).split('\n')[0])
      process.kill(pid, crashSignal)
      while (isThere(pid)) await sleep(10)
    },
    start: async () => {
      running = await launch()
    },
    [Symbol.asyncDispose]: async () => {
      await running.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
