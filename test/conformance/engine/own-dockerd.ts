import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Dockerode from 'dockerode'
import { until } from './harness.ts'

const run = promisify(execFile)

/**
 * A dockerd of the test's own, in a network namespace of its own: one that may be stopped. It has its own images and its
 * own iptables; the host does not reach its containers by network.
 */
export interface OwnDockerd {
  socket: string
  docker: Dockerode
  /** What goes before a command that is to run in dockerd's network. */
  prefix: readonly string[]
  start(): Promise<void>
  stop(): Promise<void>
  dispose(): Promise<void>
}

export const ownDockerd = async (): Promise<OwnDockerd> => {
  const name = `pftest-${randomBytes(3).toString('hex')}`
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'))
  const socket = join(folder, 'docker.sock')
  const config = join(folder, 'daemon.json')
  await writeFile(config, '{}')
  const docker = new Dockerode({ socketPath: socket })
  await run('ip', ['netns', 'add', name])
  /** Not `ip netns exec`: that mounts /sys anew, and dockerd would not find its control groups. */
  const prefix = ['nsenter', `--net=/run/netns/${name}`]
  let daemon: ChildProcess | undefined

  const start = async () => {
    const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')]
    const files = ['--pidfile', join(folder, 'pid'), '--config-file', config, '-H', `unix://${socket}`]
    const [command = '', ...args] = [...prefix, 'dockerd', ...places, ...files]
    daemon = spawn(command, args, { stdio: 'ignore' })
    await until(() => docker.version().catch(() => undefined))
  }
  const stop = async () => {
    if (!daemon || daemon.exitCode !== null) return
    daemon.kill('SIGTERM')
    await once(daemon, 'exit')
  }
  return {
    socket,
    docker,
    prefix,
    start,
    stop,
    dispose: async () => {
      await stop()
      await run('ip', ['netns', 'delete', name])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
