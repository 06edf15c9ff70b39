import { cut, oneLine } from '../cut.ts'
import type { Forge } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import type { AsInstallation } from './as-installation.ts'

/** GitHub answers 422 to more characters. */
const MAX_DESCRIPTION = 140

/**
 * Commit statuses (https://docs.github.com/en/rest/commits/statuses). To set one twice is to set it once, as far as
 * anybody sees, so all failures may be tried again.
 */
export const createSetStatus = (asInstallation: AsInstallation): Forge['setStatus'] => {
  const inOrder = createInOrder()
  return (repository, sha, status, signal) =>
    inOrder(`${repository.id}/${sha}/${status.context}`, () => {
      const doing = `set the status “${status.context}” of ${repository.owner}/${repository.name}@${sha}`
      return asInstallation({ repository, permission: 'statuses', doing, signal }, async (octokit, signal) => {
        await octokit.rest.repos.createCommitStatus({
          owner: repository.owner,
          repo: repository.name,
          sha,
          context: status.context,
          state: status.state,
          description: cut(oneLine(status.description), MAX_DESCRIPTION),
          ...(status.targetUrl !== undefined && { target_url: status.targetUrl }),
          request: { signal },
        })
      })
    })
}
