import type { OpenContext, Root } from '../root.ts'

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

/** Functions, and what is live of them. */
export const addFunctionCommands = (program: Root, open: OpenContext): void => {
  program
    .command('ls')
    .summary('list functions')
    .description('Lists the functions with state, replicas, commit, age and URL.')
    .action(async () => (await import('../actions/list-functions.ts')).listFunctions(open()))
  program
    .command('open')
    .argument('<function>')
    .summary('open a function in the browser')
    .description('Prints the URL of a function, and opens it in a browser where there is one.')
    .option('--print', 'print it only')
    .action(async (name, options) => (await import('../actions/open-function.ts')).openFunction(open(), name, options))
  program
    .command('invoke')
    .argument('<function>')
    .summary('call a function')
    .description(
      'Calls a function at its URL, as anybody does, and prints what it answers. Ends with 1 when that is a status of 400 or more.',
    )
    .option('-d, --data <text>', 'the body; @file reads a file, - standard input')
    .option('-X, --method <method>', 'else POST with a body, GET without')
    .option('-H, --header <line>', 'a header, “Name: value”; again for more', collect)
    .option('-p, --path <path>', 'what follows the function’s URL, such as /orders?open=1')
    .option('--async', 'store the call, to be run later')
    .option('--auth', 'send your token, for a function with “auth: token”')
    .option('-i, --include', 'status and headers too')
    .action(async (name, options) => (await import('../actions/invoke.ts')).invoke(open(), name, options))
  program
    .command('revisions')
    .argument('<function>')
    .summary('list what was deployed of a function')
    .description('Lists the revisions of a function, newest first.')
    .action(async (name) => (await import('../actions/list-revisions.ts')).listRevisions(open(), name))
  program
    .command('rollback')
    .argument('<function>')
    .summary('go back to an earlier revision')
    .description(
      'Makes live what was live before, or the revision or commit that is named, and pins the function there.',
    )
    .option('--to <revision>', 'a revision’s id, or a commit or how it begins (8 digits or more)')
    .action(async (name, options) => (await import('../actions/roll-back.ts')).rollBack(open(), name, options))
  program
    .command('promote')
    .argument('<function>')
    .argument('<what>', 'a revision’s id, or an alias such as the first 8 digits of a commit')
    .summary('make a revision live')
    .description('Makes a revision live, or what stands under another alias, and pins the function there.')
    .action(async (name, what) => (await import('../actions/promote.ts')).promote(open(), name, what))
  program
    .command('unpin')
    .argument('<function>')
    .summary('let pushes move a function again')
    .description(
      'Lets pushes move a function again that was rolled back or promoted. The newest push goes live at once.',
    )
    .action(async (name) => (await import('../actions/unpin.ts')).unpin(open(), name))

  const schedule = program.command('schedule').description('Functions that the cloud calls by itself.')
  schedule
    .command('ls')
    .description('Lists the schedules, with the last run of each and the next.')
    .action(async () => (await import('../actions/list-schedules.ts')).listSchedules(open()))

  const letters = program.command('deadletters').description('Async calls that were given up.')
  letters
    .command('ls')
    .argument('<function>')
    .description('Lists the dead letters of a function.')
    .action(async (name) => (await import('../actions/dead-letters.ts')).listDeadLetters(open(), name))
  letters
    .command('replay')
    .argument('<function>')
    .argument('<id>')
    .description('Runs a dead call again.')
    .action(async (name, id) => (await import('../actions/dead-letters.ts')).replayDeadLetter(open(), name, id))
  letters
    .command('rm')
    .argument('<function>')
    .argument('<id>')
    .description('Removes a dead call.')
    .action(async (name, id) => (await import('../actions/dead-letters.ts')).removeDeadLetter(open(), name, id))
}
