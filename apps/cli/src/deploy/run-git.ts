import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure } from '../failure.ts'

const execute = promisify(execFile)

const MAX_OUTPUT_BYTES = 16_777_216
const TAIL_LINES = 12

export interface GitOptions {
  folder: string
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

/** Runs git to its end and gives what it wrote. Throws Failure with git's own last words. */
export const runGit = async (args: readonly string[], { folder, env, signal }: GitOptions): Promise<string> => {
  try {
    const { stdout } = await execute('git', args, { cwd: folder, env, signal, maxBuffer: MAX_OUTPUT_BYTES })
    return stdout.trim()
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') {
      throw new Failure('usage', 'git cannot be started', { cause: thrown, hint: 'is it installed, and on your PATH?' })
    }
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : String(thrown)
    const tail = said.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
    throw new Failure('refused', `git ${args[0] ?? ''} failed:\n${tail}`, { cause: thrown })
  }
}

/** The same where a failure is an answer: undefined. */
export const askGit = (args: readonly string[], options: GitOptions): Promise<string | undefined> =>
  runGit(args, options).catch((err: unknown) => {
    if (err instanceof Failure && err.exit === 'refused') return undefined
    throw err
  })
