import type { Forge, ForgeRepository } from '../forge.ts'

export interface BuiltinSettings {
  /** The clone URL of a repository on our own Git server. */
  gitUrl: (owner: string, name: string) => string
  /** A fresh `signCheckoutToken` for the repository: minutes, not hours. */
  checkoutToken: (repository: ForgeRepository) => string
}

/**
 * Our own Git server as a forge: the embedded default, for a cloud without any other. Pushes reach the api by
 * `git http-backend` and not by a webhook, so there is no `receive`.
 */
export const createBuiltin = (settings: BuiltinSettings): Forge => ({
  kind: 'builtin',
  checkoutSource: async (repository) => ({
    url: settings.gitUrl(repository.owner, repository.name),
    authorization: `Bearer ${settings.checkoutToken(repository)}`,
  }),
  // The builds table is the truth about our own commits, and the pusher's terminal and the console read it: a second
  // record here could only differ.
  setStatus: async () => undefined,
})
