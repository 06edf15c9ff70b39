import { addAccountCommands } from './commands/account.ts'
import { addBuildCommands } from './commands/builds.ts'
import { addCanaryCommands } from './commands/canary.ts'
import { addFunctionCommands } from './commands/functions.ts'
import { addMachineCommands } from './commands/machine.ts'
import { addSecretCommands } from './commands/secrets.ts'
import { addTenantCommands } from './commands/tenants.ts'
import type { Context } from './context.ts'
import { type OpenContext, type Root, root } from './root.ts'

/** The whole tree of commands. It knows what there is and how it is called, and loads what a command does when that runs. */
export const pushfn = ({ env, signal }: Pick<Context, 'env' | 'signal'>): Root => {
  const program = root()
  const open: OpenContext = () => ({ options: program.opts(), env, signal, folder: standingIn(env) })
  addAccountCommands(program, open)
  addFunctionCommands(program, open)
  addBuildCommands(program, open)
  addCanaryCommands(program, open)
  addSecretCommands(program, open)
  addTenantCommands(program, open)
  addMachineCommands(program, open)
  return program
}

/** `npm run` goes to the folder of its package.json, and says where it was called. */
const standingIn = (env: Context['env']): string =>
  (env.npm_lifecycle_event === 'pushfn' ? env.INIT_CWD : undefined) ?? process.cwd()
