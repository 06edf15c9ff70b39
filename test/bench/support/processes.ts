import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that the benchmark started and ends again. */
export interface Started extends AsyncDisposable {
  readonly child: ChildProcess
}

/** Starts a program on one core (`taskset`), with its complaints on our own stderr. */
export const startOnCore = (core: number, argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Started => {
  const child = spawn('taskset', ['-c', String(core), ...argv], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** What a program wrote to stdout; throws when it fails. */
export const outputOf = async (argv: readonly string[]): Promise<string> => {
  const [program = '', ...rest] = argv
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return Buffer.concat(chunks).toString()
}

/** Waits until something listens on the port; throws after ten seconds. */
export const untilListening = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(50)
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`nothing listens on port ${port}`)
}

const TICKS_PER_SECOND = 100

/** CPU seconds that a process and its children have used so far (proc(5): utime and stime of `stat`). */
export const cpuSecondsOf = async (child: ChildProcess): Promise<number> => {
  const pids = await familyOf(child)
  const seconds = await Promise.all(
    pids.map(async (pid) => {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    }),
  )
  return seconds.reduce((sum, one) => sum + one, 0)
}

/** Resident memory of a process and its children now, in MiB (proc(5): VmRSS of `status`). */
export const residentMiBOf = async (child: ChildProcess): Promise<number> => {
  const sizes = await Promise.all(
    (await familyOf(child)).map(async (pid) => {
      const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
      return Number(kib) / 1024
    }),
  )
  return Math.round(sizes.reduce((sum, one) => sum + one, 0))
}

const familyOf = async (child: ChildProcess): Promise<string[]> => {
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return [String(child.pid), ...children.split(' ').filter((pid) => pid.trim() !== '')]
}
