import { z } from 'zod'

/** What git allows as a branch's name (git-check-ref-format), a little narrower. */
const BRANCH = /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[^\p{C}\p{Z}~^:?*[\\]+(?<![/.])$/u

export const BranchName = z.string().max(200).regex(BRANCH, 'no branch of git can be named so')

/**
 * What a tenant has settled about a repository: data, not configuration of the cloud. What is not there is as the
 * description says.
 */
export const RepositorySettings = z.strictObject({
  deployBranch: BranchName.optional().describe('The branch whose pushes deploy; else the repository’s default branch.'),
})
export type RepositorySettings = z.infer<typeof RepositorySettings>
