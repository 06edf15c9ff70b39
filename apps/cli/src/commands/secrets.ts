import type { OpenContext, Root } from '../root.ts'

/** What functions find under /var/openfaas/secrets. */
export const addSecretCommands = (program: Root, open: OpenContext): void => {
  const secret = program.command('secret').description('Secrets of your functions.')
  secret
    .command('ls')
    .description('Lists the secrets with the functions that name them, never what they are.')
    .action(async () => (await import('../actions/secrets.ts')).listSecrets(open()))
  secret
    .command('set')
    .argument('<name>')
    .description(
      'Sets a secret to what is piped in, stands in a file, or is typed at the terminal without being shown, and rolls the\nfunctions that name it. A line end at the end is left off.',
    )
    .option('--file <path>', 'the value stands there')
    .option('--exact', 'a line end at the end belongs to it')
    .action(async (name, options) => (await import('../actions/secrets.ts')).setSecret(open(), name, options))
  secret
    .command('seal')
    .argument('<function>')
    .argument('<name>')
    .description(
      'Seals a secret for one function, by what is piped in, stands in a file, or is typed, and writes the box into secrets.yml\nhere, beside stack.yml: it is committed as code is, and only the cloud opens it.',
    )
    .option('--file <path>', 'the value stands there')
    .option('--exact', 'a line end at the end belongs to it')
    .action(async (fn, name, options) =>
      (await import('../actions/seal-secret.ts')).sealSecret(open(), fn, name, options),
    )
  secret
    .command('rm')
    .argument('<name>')
    .description('Removes a secret that no function runs with.')
    .action(async (name) => (await import('../actions/secrets.ts')).removeSecret(open(), name))
}
