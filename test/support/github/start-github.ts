import { createPublicKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDescription } from './description.ts'
import type { FakeGithub, FakeGithubOptions } from './fake-github.ts'
import { createFaults } from './faults.ts'
import { createLimits } from './limits.ts'
import {
  installationPayload,
  installationRepositoriesPayload,
  pingPayload,
  pushPayload,
  releasePayload,
  repositoryPayload,
  requestedActionPayload,
  rerequestedPayload,
} from './payloads.ts'
import { createPullRequests } from './pull-requests.ts'
import { createBareRepository } from './refs.ts'
import { type Call, type CompletedPush, listen } from './server.ts'
import { createWebhooks } from './webhooks.ts'
import {
  type Account,
  createWorld,
  has,
  type Installation,
  installationOf,
  type Permissions,
  type Repository,
  type Word,
} from './world.ts'

/** What the App asks for; an installation may be given less. */
const APP_PERMISSIONS: Permissions = {
  contents: 'read',
  metadata: 'read',
  statuses: 'write',
  checks: 'write',
  pull_requests: 'write',
  deployments: 'write',
}

/** Starts a GitHub for tests on a free port of the loopback; the first in a process takes half a second, others none. */
export const startGithub = async (options: FakeGithubOptions): Promise<FakeGithub> => {
  const root = await mkdtemp(join(tmpdir(), 'pushfn-github-'))
  const world = createWorld(options.app.id, options.app.privateKey)
  const webhooks = createWebhooks({ appId: options.app.id, secret: options.webhookSecret, url: options.webhookUrl })
  const faults = createFaults()
  const limits = createLimits()
  const calls: Call[] = []
  const pushes = new Map<number, Promise<void>>()
  const telling = new Set<Promise<void>>()

  const tellPush = async ({ repository, pusher, installation, changes }: CompletedPush) => {
    for (const change of changes) {
      if (!installation || installation.isSuspended) return
      const payload = await pushPayload({ repository, installation, pusher }, change, url)
      await webhooks.send('push', payload)
    }
  }
  const tellRepository = async (
    repository: Repository,
    action: Parameters<typeof repositoryPayload>[0],
    changes?: Record<string, unknown>,
  ) => {
    const installation = installationOf(world, repository)
    if (!installation || installation.isSuspended) return
    await webhooks.send('repository', repositoryPayload(action, { repository, installation }, url, changes))
  }
  const repositoriesOf = (installation: Installation) =>
    world.repositories.filter((repository) => has(installation, repository))

  const { server, url } = await listen({
    api: { world, description: loadDescription(), appKey: createPublicKey(options.app.publicKey), limits, webhooks },
    faults,
    calls,
    pushes,
    onPush: (push) => {
      const told = tellPush(push)
      telling.add(told)
      void told.finally(() => telling.delete(told))
    },
  })

  const settled = async () => {
    await Promise.all(pushes.values())
    await Promise.all(telling)
    await webhooks.settled()
  }
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await settled()
    await rm(root, { recursive: true, force: true })
  }

  return {
    url,
    apiUrl: `${url}/api/v3`,
    calls,
    webhooks,
    limitViolations: () => limits.violations,
    ...createPullRequests(world, webhooks, () => url),

    createAccount: (login, type = 'User') => {
      if (world.accounts.some((account) => account.login.toLowerCase() === login.toLowerCase())) {
        throw new Error(`the login ${login} is taken`)
      }
      const account: Account = { id: world.nextId(), login, type, password: randomBytes(12).toString('hex') }
      world.accounts.push(account)
      return account
    },
    createRepository: async ({ owner, name, isPrivate = false, defaultBranch = 'main' }) => {
      const id = world.nextId()
      const directory = join(root, `${id}.git`)
      await createBareRepository(directory, defaultBranch)
      const createdAt = new Date()
      const repository = {
        id,
        name,
        owner,
        isPrivate,
        defaultBranch,
        directory,
        createdAt,
        formerNames: new Set<string>(),
      }
      // A name that is taken anew leads nowhere else any more.
      for (const other of world.repositories) other.formerNames.delete(`${owner.login}/${name}`.toLowerCase())
      world.repositories.push(repository)
      return repository
    },
    install: async (account, { repositories = 'all', permissions = APP_PERMISSIONS } = {}) => {
      const repositoryIds = repositories === 'all' ? repositories : new Set(repositories.map(({ id }) => id))
      const installation = { id: world.nextId(), account, repositoryIds, permissions, isSuspended: false }
      world.installations.push(installation)
      await webhooks.send('installation', installationPayload('created', installation, repositoriesOf(installation)))
      return installation
    },
    uninstall: async (installation) => {
      const repositories = repositoriesOf(installation)
      world.installations = world.installations.filter((one) => one !== installation)
      await webhooks.send('installation', installationPayload('deleted', installation, repositories))
    },
    suspend: async (installation, isSuspended) => {
      installation.isSuspended = isSuspended
      const action = isSuspended ? 'suspend' : 'unsuspend'
      await webhooks.send('installation', installationPayload(action, installation, []))
    },
    selectRepositories: async (installation, { add = [], remove = [] }) => {
      if (installation.repositoryIds === 'all') throw new Error('this installation has all repositories')
      for (const repository of add) installation.repositoryIds.add(repository.id)
      for (const repository of remove) installation.repositoryIds.delete(repository.id)
      for (const change of [
        { added: add, removed: [] },
        { added: [], removed: remove },
      ]) {
        if (change.added.length + change.removed.length === 0) continue
        await webhooks.send('installation_repositories', installationRepositoriesPayload(installation, change))
      }
    },
    renameRepository: async (repository, name) => {
      const from = repository.name
      repository.formerNames.add(`${repository.owner.login}/${from}`.toLowerCase())
      repository.name = name
      await tellRepository(repository, 'renamed', { repository: { name: { from } } })
    },
    setPrivate: async (repository, isPrivate) => {
      repository.isPrivate = isPrivate
      await tellRepository(repository, isPrivate ? 'privatized' : 'publicized')
    },
    deleteRepository: async (repository) => {
      const installation = installationOf(world, repository)
      world.repositories = world.repositories.filter((one) => one !== repository)
      if (!installation) return
      await webhooks.send('repository', repositoryPayload('deleted', { repository, installation }, url))
    },
    renameAccount: (account, login) => {
      for (const repository of world.repositories.filter(({ owner }) => owner === account)) {
        repository.formerNames.add(`${account.login}/${repository.name}`.toLowerCase())
      }
      account.login = login
    },
    rerequest: async (repository, what, sender = repository.owner) => {
      const installation = installationOf(world, repository)
      if (!installation) throw new Error('the App is not installed there')
      const event = 'fields' in what ? 'check_run' : 'check_suite'
      return webhooks.send(event, rerequestedPayload({ repository, installation, sender }, what, url))
    },
    pressButton: async (repository, check, identifier, sender = repository.owner) => {
      const installation = installationOf(world, repository)
      if (!installation) throw new Error('the App is not installed there')
      const actions = Array.isArray(check.fields.actions) ? check.fields.actions : []
      if (!actions.some((action) => Object(action).identifier === identifier)) {
        throw new Error(`the check ${check.fields.name} has no button ${identifier}`)
      }
      const about = { repository, installation, sender }
      return webhooks.send('check_run', requestedActionPayload(about, { check, identifier }, url))
    },
    publishRelease: async (repository, tag, { isPrerelease = false } = {}) => {
      const installation = installationOf(world, repository)
      if (!installation) throw new Error('the App is not installed there')
      const about = { repository, installation, sender: repository.owner }
      return webhooks.send('release', releasePayload(about, { tag, isPrerelease }, url))
    },
    ping: async () => {
      await webhooks.send('ping', pingPayload(options.app.id))
    },

    pushUrl: (repository, account = repository.owner) => {
      const { host } = new URL(url)
      return `http://${account.login}:${account.password}@${host}/${repository.owner.login}/${repository.name}.git`
    },
    fail: (target, fault, times = 1) => faults.add(target, fault, times),
    heal: () => faults.clear(),
    setTokenLife: (ms) => {
      world.tokenLifeMs = ms
    },
    issuedTokens: () => world.issued,
    revokeTokens: () => world.tokens.clear(),

    statusesOf: (sha) => world.words.filter((word) => word.sha === sha),
    deploymentsOf: (sha) => world.deployments.filter((deployment) => deployment.sha === sha),
    checksOf: (sha) => world.checks.filter((check) => check.sha === sha),
    waitForStatus: (sha, context, state, timeoutMs = 60_000) => {
      const isWanted = (word: Word) => word.sha === sha && word.context === context && word.state === state
      const known = world.words.find(isWanted)
      if (known) return Promise.resolve(known)
      const waiting = Promise.withResolvers<Word>()
      const onWord = (word: Word) => isWanted(word) && waiting.resolve(word)
      const timer = setTimeout(() => {
        const seen = world.words.filter((word) => word.sha === sha).map((one) => `${one.context} ${one.state}`)
        waiting.reject(new Error(`no status ${context} ${state} on ${sha}; it has: ${seen.join(', ') || 'none'}`))
      }, timeoutMs)
      world.events.on('word', onWord)
      return waiting.promise.finally(() => {
        clearTimeout(timer)
        world.events.off('word', onWord)
      })
    },
    settled,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
