import { z } from 'zod'
import type { BranchHead, Forge } from '../forge.ts'
import { Sha, titleOf } from '../payload.ts'
import type { RestClient } from '../rest-client.ts'
import { type FindRepository, repoPath } from './find-repository.ts'

/** Where a branch stands (`GET /repos/{owner}/{repo}/branches/{branch}`). */
export const createHeadOf =
  (rest: RestClient, findRepository: FindRepository): NonNullable<Forge['headOf']> =>
  async (repository, branch, { signal } = {}) => {
    const path = repoPath(await findRepository(repository.id, signal))
    return rest({
      method: 'GET',
      path: `${path}/branches/${encodeURIComponent(branch)}`,
      doing: `look where ${branch} of ${repository.owner}/${repository.name} stands`,
      answer: Branch.or(z.unknown().transform(() => undefined)),
      // The repository was there a moment ago: it is the branch that is not.
      accepts: ({ status }) => status === 404,
      signal,
    })
  }

const Branch = z
  .object({ commit: z.object({ id: Sha, message: z.string(), author: z.object({ name: z.string() }).nullish() }) })
  .transform(
    ({ commit }): BranchHead => ({
      sha: commit.id,
      message: titleOf(commit.message),
      author: commit.author?.name ?? '',
    }),
  )
