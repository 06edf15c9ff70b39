import { z } from 'zod'
import type { Forge } from '../forge.ts'
import { headMessage } from '../head-message.ts'
import type { AsInstallation } from './as-installation.ts'
import { statusOf } from './failure.ts'

/**
 * Where a branch stands (https://docs.github.com/en/rest/branches/branches#get-a-branch). Asked with the former answer's
 * tag, GitHub says 304 while nothing changed, and does not count the call.
 */
export const createHeadOf =
  (asInstallation: AsInstallation): NonNullable<Forge['headOf']> =>
  (repository, branch, { etag, signal } = {}) => {
    const doing = `look at the branch ${branch} of ${repository.owner}/${repository.name}`
    return asInstallation({ repository, permission: 'contents', doing, signal }, async (octokit, signal) => {
      try {
        const { data, headers } = await octokit.rest.repos.getBranch({
          owner: repository.owner,
          repo: repository.name,
          branch,
          headers: etag ? { 'if-none-match': etag } : {},
          request: { signal },
        })
        return { ...BranchAnswer.parse(data), ...(headers.etag && { etag: headers.etag }) }
      } catch (error) {
        if (statusOf(error) === 304) return 'unchanged'
        if (statusOf(error) === 404) return undefined
        throw error
      }
    })
  }

const BranchAnswer = z
  .object({
    commit: z.object({
      sha: z.string().regex(/^[0-9a-f]{40}$/),
      commit: z.object({ message: z.string(), author: z.object({ name: z.string() }).nullish() }),
      author: z.object({ login: z.string() }).nullish(),
    }),
  })
  .transform(({ commit }) => ({
    sha: commit.sha,
    ...headMessage(commit.commit.message),
    author: commit.author?.login ?? commit.commit.author?.name ?? '',
  }))
