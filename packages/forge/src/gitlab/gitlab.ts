import type { AccountSettings } from '../account-settings.ts'
import { cloneSource, stillTheirs } from '../clone-source.ts'
import type { Forge } from '../forge.ts'
import { DEFAULT_PATIENCE, hurried } from '../patience.ts'
import { createRestClient } from '../rest-client.ts'
import { createGitlabComments } from './comments.ts'
import { createFindProject } from './find-project.ts'
import { createHeadOf } from './head-of.ts'
import { createSetDeployment } from './set-deployment.ts'
import { createSetStatus } from './set-status.ts'
import { createWebhooks } from './webhooks.ts'

/**
 * GitLab, by an account of the cloud's own there: it has no Apps. Whatever is done is done by a project's number, so that
 * a name that somebody else took leads nowhere.
 */
export const createGitlab = (settings: AccountSettings): Forge => {
  const patience = { ...DEFAULT_PATIENCE, ...settings.patience }
  const client = {
    forge: 'GitLab',
    apiUrl: `${settings.url}/api/v4`,
    headers: { 'private-token': settings.token },
  }
  const rest = createRestClient({ ...client, patience })
  const findProject = createFindProject(rest)
  const findProjectSoon = createFindProject(createRestClient({ ...client, patience: hurried(patience) }))
  return {
    kind: 'gitlab',
    webhooks: createWebhooks(settings.webhookSecrets, findProjectSoon),
    checkoutSource: async (repository, signal) => {
      const found = stillTheirs(repository, await findProject(repository.id, signal))
      return cloneSource(settings.url, settings.token, found)
    },
    headOf: createHeadOf(rest),
    setStatus: createSetStatus(rest),
    setDeployment: createSetDeployment(rest),
    upsertComment: createGitlabComments(rest),
  }
}
