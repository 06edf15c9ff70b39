import type { AccountSettings } from '../account-settings.ts'
import { cloneSource, stillTheirs } from '../clone-source.ts'
import type { Forge } from '../forge.ts'
import { DEFAULT_PATIENCE, hurried } from '../patience.ts'
import { createRestClient } from '../rest-client.ts'
import { createGiteaComments } from './comments.ts'
import { createFindRepository } from './find-repository.ts'
import { createHeadOf } from './head-of.ts'
import { createSetStatus } from './set-status.ts'
import { createWebhooks } from './webhooks.ts'

/** Gitea, and Forgejo, which speaks the same API, by an account of the cloud's own there. */
export const createGitea = (settings: AccountSettings): Forge => {
  const patience = { ...DEFAULT_PATIENCE, ...settings.patience }
  const client = {
    forge: 'Gitea',
    apiUrl: `${settings.url}/api/v1`,
    headers: { authorization: `token ${settings.token}` },
  }
  const rest = createRestClient({ ...client, patience })
  const findRepository = createFindRepository(rest)
  const findRepositorySoon = createFindRepository(createRestClient({ ...client, patience: hurried(patience) }))
  return {
    kind: 'gitea',
    webhooks: createWebhooks(settings.webhookSecrets, findRepositorySoon),
    checkoutSource: async (repository, signal) => {
      const found = stillTheirs(repository, await findRepository(repository.id, signal))
      return cloneSource(settings.url, settings.token, found)
    },
    headOf: createHeadOf(rest, findRepository),
    setStatus: createSetStatus(rest, findRepository),
    upsertComment: createGiteaComments(rest, findRepository),
  }
}
