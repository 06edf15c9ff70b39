import type { AccountSettings } from '@pushfn/forge/account-settings'
import type { Forge, ForgeRepository } from '@pushfn/forge/forge'
import { createGitea } from '@pushfn/forge/gitea/gitea'
import { createGitlab } from '@pushfn/forge/gitlab/gitlab'
import type { FakeAccountForge } from '../../../support/account-forge/start.ts'
import type { Account, PullRequest, Repository } from '../../../support/account-forge/world.ts'
import { startGitea } from '../../../support/gitea/start-gitea.ts'
import { createWorkingCopy } from '../../../support/github/working-copy.ts'
import { startGitlab } from '../../../support/gitlab/start-gitlab.ts'
import { openDoor } from './door.ts'
import { type ForgeUnderTest, type Project, type PullRequests, QUICK } from './forge-under-test.ts'

export interface AccountForgeUnderTest extends ForgeUnderTest {
  server: FakeAccountForge
  doorUrl: string
}

const SECRET = 'the-secret-of-the-whole-forge'

/** A driver that speaks by an account, against a forge of its own, with a hook of the whole forge. */
export const startAccountForgeUnderTest = async (kind: 'gitlab' | 'gitea'): Promise<AccountForgeUnderTest> => {
  const server = await (kind === 'gitlab' ? startGitlab() : startGitea())
  const create: (settings: AccountSettings) => Forge = kind === 'gitlab' ? createGitlab : createGitea
  const forge = create({ url: server.url, token: server.token, webhookSecrets: [SECRET], patience: QUICK })
  const door = await openDoor(() => forge)
  server.addSystemHook(door.url, SECRET)
  return {
    server,
    forge,
    doorUrl: door.url,
    received: door.received,
    aProject: (options) => aProject(server, kind, options),
    fail: (fault, times) => server.fail('*', fault, times),
    heal: server.heal,
    statesOf: (sha, context) =>
      server
        .statusesOf(sha)
        .filter((status) => status.context === context)
        .map(({ state }) => (state === 'failed' ? 'failure' : state)),
    resend: async () => {
      const last = server.webhooks.deliveries.at(-1)
      if (last) await server.webhooks.resend(last)
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await door[Symbol.asyncDispose]()
    },
  }
}

const aProject = async (
  server: FakeAccountForge,
  kind: 'gitlab' | 'gitea',
  { isPrivate = true, isOpenToCloud = true }: { isPrivate?: boolean; isOpenToCloud?: boolean } = {},
): Promise<Project> => {
  const login = `acme-${crypto.randomUUID().slice(0, 8)}`
  // At GitLab a tenant may be a group in a group.
  const account = server.createAccount(kind === 'gitlab' ? `${login}/web` : login)
  const repository = await server.createRepository({ owner: account, name: 'shop', isPrivate, isOpenToCloud })
  await using copy = await createWorkingCopy(server.pushUrl(repository))
  const sha = await copy.commit({ 'stack.yml': `# of ${account.login}\n` })
  await copy.git('push', '--quiet', 'origin', 'main')
  await server.settled()
  return {
    repository: asForge(repository),
    sha,
    pushUrl: () => server.pushUrl(repository),
    settled: server.settled,
    rename: (name) => server.renameRepository(repository, name),
    loseName: async () => {
      const { login } = account
      server.renameAccount(account, `${login}-moved`)
      await server.createRepository({ owner: server.createAccount(login), name: 'shop', isPrivate: true })
    },
    remove: () => server.deleteRepository(repository),
    pullRequests: pullRequestsOf(server, repository, sha),
  }
}

const pullRequestsOf = (server: FakeAccountForge, repository: Repository, sha: string): PullRequests => {
  const opened = new Map<number, PullRequest>()
  const stranger: Account = server.createAccount(`stranger-${crypto.randomUUID().slice(0, 8)}`)
  const ofNumber = (number: number): PullRequest => {
    const found = opened.get(number)
    if (!found) throw new Error(`no pull request ${number}`)
    return found
  }
  return {
    open: async (isFork) => {
      const fork = isFork && (await server.createRepository({ owner: stranger, name: `fork-${opened.size}` }))
      const head = { repository: fork || repository, ref: 'topic', sha }
      const pullRequest = await server.openPullRequest(head, repository)
      opened.set(pullRequest.number, pullRequest)
      return { number: pullRequest.number, headSha: sha }
    },
    change: (number, what) => server.changePullRequest(ofNumber(number), what),
    comments: (number) => ofNumber(number).comments.map(({ body }) => body),
    comment: (number, body) => server.comment(ofNumber(number), stranger, body),
  }
}

export const asForge = (repository: Repository): ForgeRepository => ({
  id: String(repository.id),
  name: repository.name,
  owner: repository.owner.login,
  ownerId: String(repository.owner.id),
  isPrivate: repository.isPrivate,
  defaultBranch: repository.defaultBranch,
})
