import type { OpenContext, Root } from '../root.ts'

/** Revisions that are tried on a part of the calls. */
export const addCanaryCommands = (program: Root, open: OpenContext): void => {
  const canary = program.command('canary').description('Tries a revision on a part of a function’s calls.')
  canary
    .command('start')
    .argument('<function>')
    .argument('<what>', 'a revision’s id, a commit or how it begins (8 digits or more)')
    .description('Begins a canary, by one weight or by steps after which it goes live.')
    .option('--weight <percent>', 'its part of the calls')
    .option('--steps <list>', 'percent:minutes, such as 5:10,25:10,50:30')
    .action(async (name, what, options) =>
      (await import('../actions/canary.ts')).startCanary(open(), { name, what, ...options }),
    )
  canary
    .command('show')
    .argument('<function>')
    .description('Shows the canary that goes on, or the last.')
    .action(async (name) => (await import('../actions/canary.ts')).showCanary(open(), name))
  canary
    .command('weight')
    .argument('<function>')
    .argument('<percent>')
    .description('Gives the canary another part of the calls.')
    .action(async (name, percent) => (await import('../actions/canary.ts')).weighCanary(open(), name, percent))
  canary
    .command('promote')
    .argument('<function>')
    .description('Makes the canary live.')
    .action(async (name) => (await import('../actions/canary.ts')).promoteCanary(open(), name))
  canary
    .command('rm')
    .argument('<function>')
    .description('Takes the canary back.')
    .action(async (name) => (await import('../actions/canary.ts')).takeBackCanary(open(), name))
}
