import { spawn } from 'node:child_process'

export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Milliseconds after which the command is ended. */
  timeoutMs: number
  /** Whether the command's output goes to our own; it is returned empty then. */
  isShown?: boolean
}

export class CommandError extends Error {
  override readonly name = 'CommandError'
}

const TAIL_LINES = 12
const MAX_OUTPUT = 4 * 1024 * 1024

/**
 * Runs a program to its end and returns what it wrote to stdout. Throws CommandError when it cannot be started, takes too
 * long or ends with another code than 0; the message carries its last lines.
 */
export const runCommand = async (file: string, args: readonly string[], options: CommandOptions): Promise<string> => {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: options.isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let both = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT)
    both = (both + text).slice(-MAX_OUTPUT)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    both = (both + text).slice(-MAX_OUTPUT)
  })
  const end = await new Promise<string | number | null>((resolve) => {
    child.once('error', (err) => resolve(err.message))
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  if (end === 0) return stdout
  const tail = both.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
  throw new CommandError(`${file} ${args[0] ?? ''} ended with ${end}${tail ? `:\n${tail}` : ''}`)
}
