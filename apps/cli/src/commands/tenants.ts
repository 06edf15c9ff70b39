import { Option } from '@commander-js/extra-typings'
import type { Role } from '@pushfn/model/roles'
import type { OpenContext, Root } from '../root.ts'

/** Their schema would have every start wait for it. */
const ROLES = ['viewer', 'developer', 'owner'] as const satisfies Role[]

/** What a tenant has beside its code, and what operators do for one. */
export const addTenantCommands = (program: Root, open: OpenContext): void => {
  const domain = program.command('domain').description('Domains of your own.')
  domain
    .command('ls')
    .description('Lists the domains.')
    .action(async () => (await import('../actions/domains.ts')).listDomains(open()))
  domain
    .command('add')
    .argument('<domain>')
    .description('Claims a domain, and says which TXT record proves it.')
    .option('--function <function>', 'all of it leads to this one')
    .action(async (name, options) => (await import('../actions/domains.ts')).addDomain(open(), name, options))
  domain
    .command('verify')
    .argument('<domain>')
    .description('Looks for the record at once.')
    .action(async (name) => (await import('../actions/domains.ts')).verifyDomain(open(), name))
  domain
    .command('rm')
    .argument('<domain>')
    .description('Serves a domain no more.')
    .action(async (name) => (await import('../actions/domains.ts')).removeDomain(open(), name))

  const token = program.command('token').description('API tokens.')
  token
    .command('ls')
    .description('Lists the tokens, never what they are.')
    .action(async () => (await import('../actions/tokens.ts')).listTokens(open()))
  token
    .command('create')
    .argument('<name>')
    .description('Makes a token, and prints it this once.')
    .addOption(new Option('--role <role>', 'what it may do; else all that owners may').choices(ROLES))
    .option('--days <count>', 'after so many it is worth nothing; else it does not expire')
    .action(async (name, options) => (await import('../actions/tokens.ts')).createToken(open(), name, options))
  token
    .command('revoke')
    .argument('<id>')
    .description('Makes a token worth nothing, at once.')
    .action(async (id) => (await import('../actions/tokens.ts')).revokeToken(open(), id))

  const tenant = program.command('tenant').description('Tenants; making and limiting them is for operators.')
  tenant
    .command('create')
    .argument('<name>')
    .description('Makes a tenant of the cloud’s own Git server.')
    .action(async (name) => (await import('../actions/tenants.ts')).createTenant(open(), name))
  tenant
    .command('limits')
    .argument('[name]', 'else your own')
    .summary('show or set the limits of a tenant')
    .description(
      'Shows what all functions of a tenant may be asked together, or sets it, all three at once (“none”: no limit).',
    )
    .option('--requests-per-second <number>')
    .option('--burst <number>')
    .option('--concurrent-requests <number>')
    .option('--default', 'the cloud’s own limits again')
    .action(async (name, options) => (await import('../actions/tenants.ts')).limits(open(), name, options))
}
