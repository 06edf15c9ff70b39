import { type Json, pullRequestPayload } from './payloads.ts'
import { git } from './refs.ts'
import type { Webhooks } from './webhooks.ts'
import { type Account, installationOf, type PullRequest, type Repository, type World } from './world.ts'

/** What people do with pull requests, and what GitHub tells of it. */
export const createPullRequests = (world: World, webhooks: Webhooks, url: () => string) => {
  const tell = async (pullRequest: PullRequest, action: string, sender: Account, more: Json = {}): Promise<void> => {
    const installation = installationOf(world, pullRequest.repository)
    if (!installation || installation.isSuspended) return
    await webhooks.send('pull_request', pullRequestPayload(action, { pullRequest, installation, sender }, url(), more))
  }
  /** Where the branch stands now, kept in the base repository as GitHub keeps it. */
  const headOf = async ({ repository, head, number }: Omit<PullRequest, 'sha'>): Promise<string> => {
    const ref = `refs/pull/${number}/head`
    await git(repository.directory, 'fetch', '--quiet', head.repository.directory, `+refs/heads/${head.branch}:${ref}`)
    return (await git(repository.directory, 'rev-parse', ref)).trim()
  }

  return {
    /** Opens one from a branch that is there, of the same repository or of a fork. */
    openPullRequest: async (about: {
      into: Repository
      branch: string
      from?: Repository
      title?: string
      by?: Account
    }): Promise<PullRequest> => {
      const { into: repository, branch, from = repository, title = `Merge ${branch}`, by = from.owner } = about
      const number = world.pullRequests.filter((one) => one.repository === repository).length + 1
      const facts = { id: world.nextId(), number, repository, head: { repository: from, branch }, title, isOpen: true }
      const pullRequest: PullRequest = { ...facts, sha: await headOf(facts) }
      world.pullRequests.push(pullRequest)
      await tell(pullRequest, 'opened', by)
      return pullRequest
    },
    /** Tells that its branch has other commits now. */
    synchronize: async (pullRequest: PullRequest): Promise<void> => {
      const before = pullRequest.sha
      pullRequest.sha = await headOf(pullRequest)
      await tell(pullRequest, 'synchronize', pullRequest.head.repository.owner, { before, after: pullRequest.sha })
    },
    labelPullRequest: (pullRequest: PullRequest, name: string): Promise<void> =>
      tell(pullRequest, 'labeled', pullRequest.repository.owner, { label: { name } }),
    closePullRequest: async (pullRequest: PullRequest): Promise<void> => {
      pullRequest.isOpen = false
      await tell(pullRequest, 'closed', pullRequest.repository.owner)
    },
    reopenPullRequest: async (pullRequest: PullRequest): Promise<void> => {
      pullRequest.isOpen = true
      await tell(pullRequest, 'reopened', pullRequest.repository.owner)
    },
    retitlePullRequest: async (pullRequest: PullRequest, title: string): Promise<void> => {
      pullRequest.title = title
      await tell(pullRequest, 'edited', pullRequest.repository.owner)
    },
    commentsOf: (pullRequest: PullRequest) =>
      world.comments.filter(
        (one) => one.repositoryId === pullRequest.repository.id && one.number === pullRequest.number,
      ),
    /** A comment of a person. */
    comment: (pullRequest: PullRequest, body: string): void => {
      const place = { repositoryId: pullRequest.repository.id, number: pullRequest.number }
      world.comments.push({ ...place, id: world.nextId(), body, isOfApp: false })
    },
  }
}
