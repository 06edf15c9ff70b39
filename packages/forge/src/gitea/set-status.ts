import { cut, oneLine } from '../cut.ts'
import type { Forge } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import { ANYTHING, type RestClient } from '../rest-client.ts'
import { type FindRepository, repoPath } from './find-repository.ts'

const MAX_DESCRIPTION = 255

/** Commit statuses (`POST /repos/{owner}/{repo}/statuses/{sha}`). Gitea keeps them all and shows the newest. */
export const createSetStatus = (rest: RestClient, findRepository: FindRepository): Forge['setStatus'] => {
  const inOrder = createInOrder()
  return (repository, sha, status, signal) =>
    inOrder(`${repository.id}/${sha}/${status.context}`, async () => {
      await rest({
        method: 'POST',
        path: `${repoPath(await findRepository(repository.id, signal))}/statuses/${sha}`,
        body: {
          state: status.state,
          context: status.context,
          description: cut(oneLine(status.description), MAX_DESCRIPTION),
          ...(status.targetUrl !== undefined && { target_url: status.targetUrl }),
        },
        doing: `set the status “${status.context}” of ${repository.owner}/${repository.name}@${sha}`,
        answer: ANYTHING,
        signal,
      })
    })
}
