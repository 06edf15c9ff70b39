import { CommanderError } from '@commander-js/extra-typings'
import type { GlobalOptions } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { pushfn } from './program.ts'
import { tell } from './tell.ts'

/**
 * `pushfn`, the command line of a cloud: a client of `/api/v1` and of Git, as any other. The tree of commands is `program.ts`;
 * what a command does is a file under `actions/`, read when it is called.
 */
const EXIT_LIMIT_MS = 1_000

const interrupted = new AbortController()
let code: number | undefined
for (const [name, number] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(name, () => {
    code = number
    interrupted.abort(new Error(name))
    // What does not hear of it shall not hold the terminal.
    setTimeout(() => process.exit(number), EXIT_LIMIT_MS).unref()
  })
}
// Whoever read our output went away: `pushfn builds | head`.
process.stdout.on('error', () => process.exit(0))

const program = pushfn({ env: process.env, signal: interrupted.signal })
try {
  await program.parseAsync()
} catch (thrown) {
  process.exitCode = code ?? endOf(thrown)
}

function endOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    // Commander has said it already. Help that was not asked for is about a wrong command line.
    return thrown.code === 'commander.helpDisplayed' || thrown.code === 'commander.version' ? 0 : EXIT.usage
  }
  // Ctrl-C at a question.
  if (thrown instanceof Error && thrown.name === 'ExitPromptError') return 130
  const options: GlobalOptions = program.opts()
  tell(thrown, options)
  return thrown instanceof Failure ? EXIT[thrown.exit] : EXIT.refused
}
