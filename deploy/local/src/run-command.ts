import { spawn } from 'node:child_process'
import { SetupError } from '../stage.mjs'

export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Milliseconds after which the command is ended with SIGKILL. */
  timeoutMs: number
  /** Its output goes to our own as it comes, and is not returned. */
  isShown?: boolean
}

export interface CommandResult {
  /** What it wrote to stdout; the last 4 MiB at most. */
  stdout: string
  /** What it wrote to stdout and stderr, as it came; the last 4 MiB at most. */
  output: string
  /** `code 0` when all is well; another code, a signal, or why it could not be started. */
  end: string
}

/** Its message names the program and carries the last lines it wrote. */
export class CommandError extends SetupError {}

const TAIL_LINES = 12
const MAX_OUTPUT = 4 * 1024 * 1024

/**
 * Runs a program to its end and returns what it wrote to stdout. Throws CommandError when it cannot be started, takes too
 * long or ends with another code than 0.
 */
export const runCommand = async (file: string, args: readonly string[], options: CommandOptions): Promise<string> => {
  const { end, stdout, output } = await tryCommand(file, args, options)
  if (end === 'code 0') return stdout
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
  throw new CommandError(`${file} ${args[0] ?? ''} ended with ${end}${tail ? `:\n${tail}` : ''}`)
}

/** Runs a program to its end, whatever end that is. Never throws. */
export const tryCommand = async (
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> => {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: options.isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let output = ''
  const add = (text: string) => {
    output = (output + text).slice(-MAX_OUTPUT)
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT)
    add(text)
  })
  child.stderr?.setEncoding('utf8').on('data', add)
  const end = await new Promise<string>((resolve) => {
    child.once('error', (err) => resolve(err.message))
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  return { stdout, output, end }
}
