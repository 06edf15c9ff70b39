import { Command } from '@commander-js/extra-typings'
import type { Context } from './context.ts'
import { version } from './version.ts'

/** For people and scripts alike. */
export const EXITS = `Ends with 0 when all is well, 1 when the cloud said no, 2 when the command line or this machine is wrong,
3 when the cloud cannot be reached or does not know you.`

/** The program without its commands, and what is said to every one of them. */
export const root = () =>
  new Command('pushfn')
    .description('The command line of a Pushfn cloud.')
    .version(version(), '--version', 'the version of this program')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option('--json', 'answers as JSON, as the API gives it')
    .option('--tenant <name>', 'whom it is about; else the tenant whose token you have')
    .option('--cloud <url>', 'which cloud; else PUSHFN_URL, or the one you signed in to last')
    .addHelpText('after', `\n${EXITS}`)

export type Root = ReturnType<typeof root>

/** Gives an action what it needs; called when it begins, for the options are known then. */
export type OpenContext = () => Context
