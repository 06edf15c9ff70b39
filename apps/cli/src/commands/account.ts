import type { OpenContext, Root } from '../root.ts'

/** Who asks, and where. */
export const addAccountCommands = (program: Root, open: OpenContext): void => {
  program
    .command('login')
    .argument('[url]', 'address of the console')
    .summary('sign in to a cloud')
    .description(
      'Signs in with an API token, which is asked for without being shown, or read from standard input. It is kept in\n$XDG_CONFIG_HOME/pushfn/config.json, for you alone. Programs set PUSHFN_URL and PUSHFN_TOKEN instead.',
    )
    .option('--token <->', 'read the token from standard input; only “-” is taken, for arguments can be seen by others')
    .option(
      '--link',
      'signed in already: print a link that signs a browser in to the console, once, within ten minutes',
    )
    .action(async (url, { token, link }) => {
      if (link) return (await import('../actions/login-link.ts')).loginLink(open(), url)
      return (await import('../actions/login.ts')).login(open(), { url, token })
    })
  program
    .command('logout')
    .summary('forget the token of a cloud')
    .description('Forgets the token of a cloud on this machine. It stays valid: pushfn token revoke ends it.')
    .action(async () => (await import('../actions/logout.ts')).logout(open()))
  program
    .command('whoami')
    .description('Says who you are, and at which cloud.')
    .action(async () => (await import('../actions/whoami.ts')).whoami(open()))
}
