import { asForge, aTenant, startGithubUnderTest } from '../github-under-test.ts'
import type { ForgeUnderTest } from './forge-under-test.ts'

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
        pullRequests: {
          open: async (isFork) => {
            const head = isFork
              ? await github.createRepository({ owner: github.createAccount(`fork-${login}`), name: 'hello' })
              : repository
            const number = await github.openPullRequest(repository, { repository: head, ref: 'topic', sha })
            return { number, headSha: sha }
          },
          change: (number, what) => github.changePullRequest(repository, number, what),
          comments: (number) => github.commentsOf(repository, number),
          comment: (number, body) => github.comment(repository, number, body),
        },
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

export { asForge }
