import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process whose life is bound to ours: it ends when we do, even when we are ended with SIGKILL. */
export interface BoundProcess {
  readonly pid: number
  /** Settles when it has ended, with `code 1` or `SIGKILL`. */
  readonly ended: Promise<string>
  /** Sends `signal` (SIGTERM unless told), and SIGKILL when it has not ended after `limitMs`. Resolves when it has ended. */
  stop(options?: { signal?: NodeJS.Signals; limitMs?: number }): Promise<void>
}

export interface BoundProcessOptions {
  /** Added to what it writes to stdout and stderr. */
  logPath: string
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** The kernel sends it when we end without having stopped the process. */
  deathSignal?: 'TERM' | 'INT' | 'KILL'
  /** Further arguments for setpriv(1): another user, say. */
  privileges?: readonly string[]
}

const STOP_LIMIT_MS = 30_000

/**
 * Starts a program in a process group of its own, so that Ctrl-C at the terminal reaches us alone and we stop things in
 * their order, and with a parent-death signal, so that nothing stays behind when we never get to that. Throws when the
 * program cannot be started.
 */
export const startBoundProcess = async (
  file: string,
  args: readonly string[],
  options: BoundProcessOptions,
): Promise<BoundProcess> => {
  mkdirSync(dirname(options.logPath), { recursive: true })
  const log = openSync(options.logPath, 'a')
  const privileges = ['--pdeathsig', options.deathSignal ?? 'TERM', ...(options.privileges ?? [])]
  // setpriv becomes the program: the process id is the program's own.
  const child = spawn('setpriv', [...privileges, '--', file, ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ['ignore', log, log],
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
  } finally {
    closeSync(log)
  }
  // A process that was spawned has a pid.
  const pid = child.pid ?? 0
  return { pid, ended, stop: (stopOptions) => stop(child, ended, stopOptions) }
}

const stop = async (
  child: ChildProcess,
  ended: Promise<string>,
  { signal = 'SIGTERM', limitMs = STOP_LIMIT_MS }: { signal?: NodeJS.Signals; limitMs?: number } = {},
) => {
  child.kill(signal)
  const timer = new AbortController()
  await Promise.race([ended, sleep(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await ended
}
