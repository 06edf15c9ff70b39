import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFaults, type Fault, type FaultTarget } from '../github/faults.ts'
import { commitsBetween, createBareRepository, git, NO_COMMIT } from '../github/refs.ts'
import type { Dialect, PullRequestChange } from './operation.ts'
import { type Call, listen, personOf, type ServerParts } from './server.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'
import {
  type Account,
  createWorld,
  type Deployment,
  fullName,
  type PullRequest,
  type Repository,
  type Status,
} from './world.ts'

/**
 * A GitLab or Gitea for tests: a real HTTP server with accounts and repositories, that holds requests against the forge's
 * documentation and says no where the forge would; it serves Git; a real `git push` becomes a webhook.
 */
export interface FakeAccountForge extends AsyncDisposable {
  readonly url: string
  /** Of the cloud's own account. */
  readonly token: string
  readonly calls: readonly Call[]
  readonly webhooks: Webhooks

  createAccount(login: string): Account
  createRepository(options: NewRepository): Promise<Repository>
  /** A hook of the whole forge. */
  addSystemHook(url: string, secret: string): void
  addHook(repository: Repository, hook: Repository['hooks'][number]): void
  /** Resolves when the webhooks are answered. */
  renameRepository(repository: Repository, name: string): Promise<void>
  transferRepository(repository: Repository, owner: Account): Promise<void>
  setPrivate(repository: Repository, isPrivate: boolean): Promise<void>
  deleteRepository(repository: Repository): Promise<void>
  /** Renames an account; no hook tells of its repositories. The old login is free for others at once. */
  renameAccount(account: Account, login: string): void
  openPullRequest(head: PullRequest['head'], repository?: Repository, baseRef?: string): Promise<PullRequest>
  changePullRequest(pullRequest: PullRequest, what: Exclude<PullRequestChange, 'opened'>, sha?: string): Promise<void>
  /** Publishes a release of a tag that is there. */
  publishRelease(repository: Repository, tag: string): Promise<void>
  comment(pullRequest: PullRequest, author: Account, body: string): void

  /** A clone URL with the owner's password in it. */
  pushUrl(repository: Repository): string
  fail(target: FaultTarget, fault: Fault, times?: number): void
  heal(): void
  /** The statuses of a commit, oldest first. */
  statusesOf(sha: string): Status[]
  deploymentsOf(sha: string): Deployment[]
  waitForStatus(sha: string, context: string, state: string, timeoutMs?: number): Promise<Status>
  /** Resolves when every push that came in is told of. */
  settled(): Promise<void>
}

export interface NewRepository {
  owner: Account
  name: string
  isPrivate?: boolean
  isOpenToCloud?: boolean
}

export const startAccountForge = async (dialect: Dialect): Promise<FakeAccountForge> => {
  const root = await mkdtemp(join(tmpdir(), 'pushfn-forge-'))
  const world = createWorld(randomBytes(20).toString('hex'))
  const webhooks = createWebhooks(world, dialect.hooks)
  const faults = createFaults()
  const calls: Call[] = []
  const pushes: ServerParts['pushes'] = new Map()
  const telling = new Set<Promise<void>>()

  const tellPush: ServerParts['onPush'] = ({ repository, pusher, changes }) => {
    const told = (async () => {
      for (const change of changes) {
        const isTag = change.ref.startsWith('refs/tags/')
        const commits = await commitsBetween(repository.directory, isTag ? NO_COMMIT : change.before, change.after)
        const who = { id: pusher.id, login: personOf(pusher) }
        await webhooks.tell(repository, await dialect.hooks.push({ ...change, repository, pusher: who, commits, url }))
      }
    })()
    telling.add(told)
    void told.finally(() => telling.delete(told))
  }
  const { server, url } = await listen({ world, dialect, faults, calls, pushes, onPush: tellPush })

  const tellRepository = async (
    repository: Repository,
    ...[what, former]: [Parameters<Dialect['hooks']['repository']>[0], string?]
  ) => {
    const event = dialect.hooks.repository(what, repository, former)
    if (event) await webhooks.tell(repository, event)
  }
  const tellPullRequest = async (pullRequest: PullRequest, what: PullRequestChange, formerSha: string) => {
    const { repository, baseRef } = pullRequest
    const baseSha = (await git(repository.directory, 'rev-parse', baseRef)).trim()
    await webhooks.tell(repository, dialect.hooks.pullRequest(what, { pullRequest, baseSha, formerSha, url }))
  }
  const settled = async () => {
    await Promise.all(pushes.values())
    await Promise.all(telling)
  }

  return {
    url,
    token: world.cloud.token,
    calls,
    webhooks,
    createAccount: (login) => {
      if (world.accounts.some((one) => one.login === login)) throw new Error(`the login ${login} is taken`)
      const account = { id: world.nextId(), login, password: randomBytes(12).toString('hex') }
      world.accounts.push(account)
      return account
    },
    createRepository: async ({ owner, name, isPrivate = false, isOpenToCloud = true }) => {
      const id = world.nextId()
      const directory = join(root, `${id}.git`)
      await createBareRepository(directory, 'main')
      const repository = { id, name, owner, isPrivate, defaultBranch: 'main', directory, isOpenToCloud, hooks: [] }
      world.repositories.push(repository)
      return repository
    },
    addSystemHook: (hookUrl, secret) => {
      world.systemHooks.push({ url: hookUrl, secret })
    },
    addHook: (repository, hook) => {
      repository.hooks.push(hook)
    },
    renameRepository: async (repository, name) => {
      const former = fullName(repository)
      repository.name = name
      await tellRepository(repository, 'renamed', former)
    },
    transferRepository: async (repository, owner) => {
      const former = fullName(repository)
      repository.owner = owner
      await tellRepository(repository, 'transferred', former)
    },
    setPrivate: async (repository, isPrivate) => {
      repository.isPrivate = isPrivate
      await tellRepository(repository, 'edited')
    },
    deleteRepository: async (repository) => {
      world.repositories = world.repositories.filter((one) => one !== repository)
      await tellRepository(repository, 'deleted')
    },
    renameAccount: (account, login) => {
      account.login = login
    },
    openPullRequest: async (head, repository = head.repository, baseRef = 'main') => {
      const number = 1 + world.pullRequests.filter((one) => one.repository === repository).length
      const author = head.repository.owner
      const pullRequest = {
        id: world.nextId(),
        number,
        repository,
        title: 'Say it better',
        author,
        head,
        baseRef,
        comments: [],
      }
      world.pullRequests.push(pullRequest)
      await tellPullRequest(pullRequest, 'opened', head.sha)
      return pullRequest
    },
    changePullRequest: async (pullRequest, what, sha = pullRequest.head.sha) => {
      const former = pullRequest.head.sha
      pullRequest.head = { ...pullRequest.head, sha }
      await tellPullRequest(pullRequest, what, former)
    },
    publishRelease: async (repository, tag) => {
      const sha = (await git(repository.directory, 'rev-parse', `refs/tags/${tag}^{commit}`)).trim()
      await webhooks.tell(repository, dialect.hooks.release({ repository, tag, sha, url }))
    },
    comment: (pullRequest, author, body) => {
      pullRequest.comments.push({ id: world.nextId(), authorId: author.id, body })
    },
    pushUrl: (repository) => {
      const { owner } = repository
      return `http://${personOf(owner)}:${owner.password}@${new URL(url).host}/${fullName(repository)}.git`
    },
    fail: (target, fault, times = 1) => faults.add(target, fault, times),
    heal: () => faults.clear(),
    statusesOf: (sha) => world.statuses.filter((status) => status.sha === sha),
    deploymentsOf: (sha) => world.deployments.filter((deployment) => deployment.sha === sha),
    waitForStatus: (sha, context, state, timeoutMs = 60_000) => {
      const isWanted = (status: Status) => status.sha === sha && status.context === context && status.state === state
      const known = world.statuses.find(isWanted)
      if (known) return Promise.resolve(known)
      const waiting = Promise.withResolvers<Status>()
      const onStatus = (status: Status) => isWanted(status) && waiting.resolve(status)
      const timer = setTimeout(() => {
        const seen = world.statuses.filter((one) => one.sha === sha).map((one) => `${one.context} ${one.state}`)
        waiting.reject(new Error(`no status ${context} ${state} on ${sha}; it has: ${seen.join(', ') || 'none'}`))
      }, timeoutMs)
      world.events.on('status', onStatus)
      return waiting.promise.finally(() => {
        clearTimeout(timer)
        world.events.off('status', onStatus)
      })
    },
    settled,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await settled()
      await rm(root, { recursive: true, force: true })
    },
  }
}
