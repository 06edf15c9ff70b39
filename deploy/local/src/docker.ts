import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { withLock } from '../lock.mjs'
import { SetupError } from '../stage.mjs'
import { DOCKER, findProgram, IPTABLES, installSystemPackages } from './system-packages.ts'

const DEFAULT_SOCKET = '/var/run/docker.sock'
const START_TIMEOUT_MS = 60_000
const ANSWER_TIMEOUT_MS = 5_000

export interface Engine {
  docker: Docker
  /** For the apps' DOCKER_SOCKET. */
  socketPath: string
  version: string
  /** Whether this call started it. */
  isStartedByUs: boolean
}

/**
 * The Docker Engine of this machine: the one that answers on `DOCKER_HOST` or the usual socket, else one that is
 * installed from Debian's packages and started by hand, since neither a container nor a bare machine need have systemd.
 *
 * What we started is left running when we end: other things may have come to use it, and the next start is a matter of
 * seconds. Its log and pid are in `dataDir`; `kill $(cat <dataDir>/dockerd.pid)` ends it. Throws SetupError that says what
 * to do when there is no engine and we may not install one.
 */
export const ensureDocker = (dataDir: string): Promise<Engine> =>
  withLock('dockerd', async () => {
    const socketPath = socketOf(process.env.DOCKER_HOST)
    const docker = new Docker({ socketPath })
    const running = await versionAt(socketPath)
    if (running) return { docker, socketPath, version: running, isStartedByUs: false }
    if (process.env.DOCKER_HOST)
      throw new SetupError(`No Docker Engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}.`)
    // A docker command without an engine is no engine: what we look for is dockerd.
    await installSystemPackages([DOCKER, IPTABLES])
    const version = await startDockerd(dataDir)
    return { docker, socketPath, version, isStartedByUs: true }
  })

const socketOf = (dockerHost: string | undefined): string => {
  if (!dockerHost) return DEFAULT_SOCKET
  if (dockerHost.startsWith('unix://')) return dockerHost.slice('unix://'.length)
  throw new SetupError(
    `DOCKER_HOST=${dockerHost} is not on this machine. The gateway must reach containers by their addresses: unset it, or give unix:///path.`,
  )
}

const versionAt = async (socketPath: string): Promise<string | undefined> => {
  try {
    return (await new Docker({ socketPath, timeout: ANSWER_TIMEOUT_MS }).version()).Version
  } catch {
    return undefined
  }
}

const startDockerd = async (dataDir: string): Promise<string> => {
  if (process.getuid?.() !== 0) {
    throw new SetupError('Docker Engine does not answer and only root may start it: sudo systemctl start docker')
  }
  await mkdir(dataDir, { recursive: true })
  const logPath = join(dataDir, 'dockerd.log')
  const logFile = openSync(logPath, 'a')
  const dockerd = spawn(findProgram('dockerd') ?? 'dockerd', ['--host', `unix://${DEFAULT_SOCKET}`], {
    detached: true,
    stdio: ['ignore', logFile, logFile],
  })
  const death = new Promise<string>((resolve) => {
    dockerd.once('error', (err) => resolve(err.message))
    dockerd.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`))
  })
  dockerd.unref()
  await writeFile(join(dataDir, 'dockerd.pid'), `${dockerd.pid ?? ''}\n`)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    const version = await versionAt(DEFAULT_SOCKET)
    if (version) return version
    const end = await Promise.race([death, sleep(200)])
    if (end) throw new SetupError(`dockerd ${end}:\n${await lastLines(logPath)}\nIts log: ${logPath}`)
  }
  throw new SetupError(`dockerd does not answer after ${START_TIMEOUT_MS / 1000} s. Its log: ${logPath}`)
}

const lastLines = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8')).trimEnd().split('\n').slice(-5).join('\n')
