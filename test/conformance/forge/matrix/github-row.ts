import type { FakeGithub } from '../../../support/github/fake-github.ts'
import { git } from '../../../support/github/refs.ts'
import type { PullRequest, Repository } from '../../../support/github/world.ts'
import { aTenant, startGithubUnderTest } from '../github-under-test.ts'
import type { ForgeUnderTest, PullRequests } from './forge-under-test.ts'

/** GitHub in the matrix; what it alone has is in the files beside. */
export const startGithubRow = async (): Promise<ForgeUnderTest> => {
  const { github, forge, received, ...under } = await startGithubUnderTest()
  return {
    forge,
    received,
    aProject: async ({ isPrivate = true, isOpenToCloud = true } = {}) => {
      const login = `acme-${crypto.randomUUID().slice(0, 8)}`
      const installation = isOpenToCloud ? {} : { installation: { repositories: [] } }
      const tenant = await aTenant(github, login, { isPrivate, ...installation })
      const { account, repository, sha, forgeRepository } = tenant
      return {
        repository: forgeRepository,
        sha,
        pushUrl: () => github.pushUrl(repository),
        settled: github.settled,
        rename: (name) => github.renameRepository(repository, name),
        loseName: async () => {
          github.renameAccount(account, `${login}-moved`)
          const heir = github.createAccount(login)
          await github.createRepository({ owner: heir, name: 'hello', isPrivate: true })
        },
        remove: () => github.deleteRepository(repository),
        pullRequests: pullRequestsOf(github, tenant),
      }
    },
    fail: (fault, times) => github.fail('*', fault, times),
    heal: github.heal,
    statesOf: (sha, context) =>
      github
        .statusesOf(sha)
        .filter((status) => status.context === context)
        .map(({ state }) => state),
    resend: async () => {
      const last = github.webhooks.deliveries.at(-1)
      if (last) await github.webhooks.redeliver(last.guid)
    },
    [Symbol.asyncDispose]: under[Symbol.asyncDispose],
  }
}

/** They come from the branch `topic` at the tenant's one commit. */
const pullRequestsOf = (github: FakeGithub, { repository, sha }: Awaited<ReturnType<typeof aTenant>>): PullRequests => {
  const opened = new Map<number, PullRequest>()
  const ofNumber = (number: number): PullRequest => {
    const found = opened.get(number)
    if (!found) throw new Error(`no pull request ${number}`)
    return found
  }
  const from = async (isFork: boolean): Promise<Repository> => {
    if (!isFork) return repository
    const owner = github.createAccount(`fork-${crypto.randomUUID().slice(0, 8)}`)
    return github.createRepository({ owner, name: repository.name })
  }
  return {
    open: async (isFork) => {
      const head = await from(isFork)
      await git(head.directory, 'fetch', '--quiet', repository.directory, '+refs/heads/main:refs/heads/topic')
      const pullRequest = await github.openPullRequest({ into: repository, branch: 'topic', from: head })
      opened.set(pullRequest.number, pullRequest)
      return { number: pullRequest.number, headSha: sha }
    },
    change: (number, what) => {
      const pullRequest = ofNumber(number)
      switch (what) {
        case 'synchronised':
          return github.synchronize(pullRequest)
        case 'closed':
          return github.closePullRequest(pullRequest)
        case 'reopened':
          return github.reopenPullRequest(pullRequest)
        case 'retitled':
          return github.retitlePullRequest(pullRequest, 'Say it best')
      }
    },
    comments: (number) => github.commentsOf(ofNumber(number)).map(({ body }) => body),
    comment: (number, body) => github.comment(ofNumber(number), body),
  }
}
