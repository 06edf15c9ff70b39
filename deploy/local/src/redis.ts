import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../stage.mjs'
import { startBoundProcess } from './bound-process.ts'
import { findFreePort } from './free-port.ts'
import { endLeftover } from './leftover.ts'
import type { RunningServer } from './postgres.ts'
import { findProgram, installSystemPackages, REDIS } from './system-packages.ts'

const START_TIMEOUT_MS = 30_000

export interface RedisOptions {
  /** Its data, configuration and log. */
  dir: string
  /** A free one when not given. */
  port?: number
  /** Keeps nothing on disk: for tests. */
  isThrowaway?: boolean
}

/**
 * Starts a Redis of our own on loopback, as queues need it: it never evicts, and keeps what it was told on disk with a
 * second's delay. Installs it where it may. It ends with this process at the latest.
 */
export const startRedis = async ({ dir, port, isThrowaway = false }: RedisOptions): Promise<RunningServer> => {
  await installSystemPackages([REDIS])
  await mkdir(dir, { recursive: true })
  const usedPort = port ?? (await findFreePort())
  const pidPath = join(dir, 'redis.pid')
  const configPath = join(dir, 'redis.conf')
  await endLeftover(pidPath, 'redis-server 127.0.0.1:')
  const settings = {
    bind: '127.0.0.1',
    port: usedPort,
    dir: `"${dir}"`,
    'maxmemory-policy': 'noeviction',
    appendonly: isThrowaway ? 'no' : 'yes',
    appendfsync: 'everysec',
    save: '""',
    daemonize: 'no',
  }
  await writeFile(
    configPath,
    Object.entries(settings).reduce((text, [key, value]) => `${text}${key} ${value}\n`, ''),
  )
  const logPath = join(dir, 'redis.log')
  const server = await startBoundProcess(findProgram(REDIS.program) ?? REDIS.program, [configPath], { logPath })
  await writeFile(pidPath, `${server.pid}\n`)
  const failure = server.ended.then((end) => {
    throw new SetupError(`Redis ended at its start (${end}). Its log: ${logPath}`)
  })
  try {
    await Promise.race([answersWithin(usedPort, START_TIMEOUT_MS), failure])
  } catch (err) {
    await server.stop()
    throw err
  }
  failure.catch(() => undefined)
  return { url: `redis://127.0.0.1:${usedPort}/0`, stop: () => server.stop() }
}

/** Until it answers PING with PONG; while it still loads its data it answers otherwise. */
const answersWithin = async (port: number, limitMs: number): Promise<void> => {
  const deadline = Date.now() + limitMs
  while (!(await ping(port))) {
    if (Date.now() > deadline) throw new SetupError(`Redis does not answer on port ${port}`)
    await sleep(50)
  }
}

const ping = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const answer = (isPong: boolean) => {
      socket.destroy()
      resolve(isPong)
    }
    socket.once('data', (data) => answer(data.toString().startsWith('+PONG')))
    socket.once('error', () => answer(false))
    socket.setTimeout(2_000, () => answer(false))
  })
