import { z } from 'zod'
import type { BranchHead, Forge } from '../forge.ts'
import { Sha, titleOf } from '../payload.ts'
import type { RestClient } from '../rest-client.ts'

/** Where a branch stands (https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch). */
export const createHeadOf =
  (rest: RestClient): NonNullable<Forge['headOf']> =>
  (repository, branch, { signal } = {}) =>
    rest({
      method: 'GET',
      path: `/projects/${repository.id}/repository/branches/${encodeURIComponent(branch)}`,
      doing: `look where ${branch} of ${repository.owner}/${repository.name} stands`,
      answer: Branch.or(NoBranch),
      // A project that is gone is another 404.
      accepts: ({ status, body }) => status === 404 && NoBranch.safeParse(body).success,
      signal,
    })

const Branch = z
  .object({ commit: z.object({ id: Sha, message: z.string().nullish(), author_name: z.string() }) })
  .transform(
    ({ commit }): BranchHead => ({
      sha: commit.id,
      message: titleOf(commit.message ?? ''),
      author: commit.author_name,
    }),
  )

const NoBranch = z.object({ message: z.literal('404 Branch Not Found') }).transform(() => undefined)
