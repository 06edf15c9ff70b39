import type { CommitState } from '@pushfn/model/deploy-status'
import { cut, oneLine } from '../cut.ts'
import type { Forge } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import { ANYTHING, type RestAnswer, type RestClient } from '../rest-client.ts'

const MAX_DESCRIPTION = 255

/** GitLab has no word for a fault of ours. */
const STATES: Record<CommitState, string> = {
  pending: 'pending',
  success: 'success',
  failure: 'failed',
  error: 'failed',
}

/** Commit statuses (https://docs.gitlab.com/api/commits/#set-commit-pipeline-status). */
export const createSetStatus = (rest: RestClient): Forge['setStatus'] => {
  const inOrder = createInOrder()
  return (repository, sha, status, signal) =>
    inOrder(`${repository.id}/${sha}/${status.context}`, async () => {
      await rest({
        method: 'POST',
        path: `/projects/${repository.id}/statuses/${sha}`,
        body: {
          state: STATES[status.state],
          name: status.context,
          description: cut(oneLine(status.description), MAX_DESCRIPTION),
          ...(status.targetUrl !== undefined && { target_url: status.targetUrl }),
        },
        doing: `set the status “${status.context}” of ${repository.owner}/${repository.name}@${sha}`,
        signal,
        answer: ANYTHING,
        accepts: isThereAlready,
      })
    })
}

/** GitLab refuses to set a status to what it is (“Cannot transition status via :enqueue from :pending”). */
const isThereAlready = ({ status, body }: RestAnswer): boolean =>
  status === 400 && JSON.stringify(body).includes('Cannot transition status')
