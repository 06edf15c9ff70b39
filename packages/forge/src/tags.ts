/** Why tags and releases mean nothing, in the ledger's words. */
export const noCommitBehind = (ref: string): string => `${ref} is no tag of a commit`

export const PRERELEASE = 'a pre-release deploys nothing: publish it as a release'
