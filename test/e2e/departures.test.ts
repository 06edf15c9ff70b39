import { BuildFailure } from '@pushfn/model/build-state'
import { type Database, openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { repositoryPayload } from '../support/github/payloads.ts'
import type { Account, Installation, Repository } from '../support/github/world.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { startWorld, type World } from '../support/world.ts'

/** What is taken away while it is being built or started. */
let world: World
let db: Database
beforeAll(async () => {
  world = await startWorld({ env: { READY_LIMIT_MS: '60000' } })
  db = openDatabase(world.databaseUrl, 2)
})
afterAll(async () => {
  await db.$disconnect()
  await world[Symbol.asyncDispose]()
})

/** Runs, but is never ready: the build waits for it. */
const FILES = {
  'stack.yml': `functions:
  sleeper:
    lang: node24
    handler: ./sleeper
    annotations:
      com.openfaas.health.http.path: /ready
`,
  'sleeper/handler.js': 'module.exports = async (event, context) => context.status(500).succeed()\n',
}

interface Project {
  account: Account
  repository: Repository
  installation: Installation
}

const departures: [string, (project: Project) => Promise<void>, string][] = [
  ['a deleted repository', ({ repository }) => world.github.deleteRepository(repository), 'was deleted'],
  ['an account without the App', ({ installation }) => world.github.uninstall(installation), 'left this cloud'],
  ['a suspended account', ({ installation }) => world.github.suspend(installation, true), 'is suspended'],
  [
    'a repository that another account got',
    async ({ repository, installation }) => {
      const where = { forge_forgeRepositoryId: { forge: 'github' as const, forgeRepositoryId: String(repository.id) } }
      await db.repository.update({ where, data: { deployBranch: 'main', settings: {} } })
      repository.owner = world.github.createAccount('heir')
      const payload = repositoryPayload('transferred', { repository, installation }, world.github.url)
      await world.github.webhooks.send('repository', payload)
      // Nor does the heir get what the former owner settled.
      expect(await db.repository.findUnique({ where })).toMatchObject({ deployBranch: null, settings: null })
    },
    'belongs to another account',
  ],
]

describe('of', () => {
  test.each(departures)('%s nothing goes live that was under way', async (name, depart, reason) => {
    const login = `l${departures.findIndex(([one]) => one === name)}`
    const account = world.github.createAccount(login)
    const repository = await world.github.createRepository({ owner: account, name: 'shop' })
    const installation = await world.github.install(account)
    await using copy = await aWorkingCopy()
    // Each case has a commit of its own, by which its build is found.
    await copy.write({ ...FILES, 'README.md': login })
    const sha = await copy.commit()
    await copy.push(world.github.pushUrl(repository))
    const build = () => db.build.findFirst({ where: { push: { sha } } })
    const replicas = async () =>
      (await litterOf(world.docker, world.cloud)).containers.filter(
        (container) => container.Labels['pushfn.cloud/tenant'] === login && container.State === 'running',
      ).length
    await expect.poll(replicas, { timeout: 60_000 }).toBe(1)
    await depart({ account, repository, installation })

    await expect.poll(async () => (await build())?.state, { timeout: 20_000 }).toBe('cancelled')
    expect(BuildFailure.parse((await build())?.failure)).toMatchObject({
      code: 'CANCELLED',
      hint: expect.stringContaining(reason),
    })
    await expect.poll(replicas, { timeout: 60_000 }).toBe(0)
    expect((await localFetch(world.functionUrl(login, 'sleeper'))).status).toBe(404)
  })
})
