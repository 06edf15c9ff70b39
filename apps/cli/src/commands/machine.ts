import { Argument } from '@commander-js/extra-typings'
import type { OpenContext, Root } from '../root.ts'

/** What is about this machine. */
export const addMachineCommands = (program: Root, open: OpenContext): void => {
  program
    .command('doctor')
    .summary('look for what is wrong here')
    .description(
      'Looks whether the cloud can be reached, versions, clock, token, git, and the stack.yml of this folder.',
    )
    .action(async () => (await import('../actions/doctor.ts')).doctor(open()))
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish'] as const))
    .summary('completion for a shell')
    .description('Prints a script that completes commands and options: source <(pushfn completion bash)')
    .action(async (shell) => (await import('../actions/completion.ts')).completion(program, shell))
}
