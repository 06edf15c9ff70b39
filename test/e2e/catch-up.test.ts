import { type Database, openDatabase } from '@pushfn/store/database'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import type { Account, Repository } from '../support/github/world.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

/** Pushes that no webhook told of: the cloud was away, or the delivery was lost. */
let world: World
let db: Database
beforeAll(async () => {
  world = await startWorld({ env: { CATCH_UP_MS: '2000' } })
  db = openDatabase(world.databaseUrl, 2)
})
afterEach(async () => {
  world.github.heal()
  await world.github.webhooks.release(() => [])
})
afterAll(async () => {
  await db.$disconnect()
  await world[Symbol.asyncDispose]()
})

const SOON = { timeout: 90_000, interval: 250 }

/** A function of a repository of its own, live, whose answer is what was pushed last. */
const aProject = async (account: Account, name: string) => {
  const repository = await world.github.createRepository({ owner: account, name })
  const copy = await aWorkingCopy()
  const project = {
    repository,
    copy,
    says: async () => (await localFetch(world.functionUrl(account.login, name))).text(),
    push: async (text: string, ...options: string[]): Promise<string> => {
      await copy.write({
        'stack.yml': `functions:\n  ${name}:\n    lang: node24\n    handler: ./fn\n`,
        'fn/handler.js': `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`,
      })
      const sha = await copy.commit(text)
      const { code, output } = await copy.push(world.github.pushUrl(repository), 'main', ...options)
      if (code !== 0) throw new Error(output)
      return sha
    },
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  }
  return project
}

const aLiveProject = async (account: Account, name: string) => {
  const project = await aProject(account, name)
  await project.push('first')
  await expect.poll(project.says, SOON).toBe('first')
  return project
}

const anAccount = async (login: string): Promise<Account> => {
  const account = world.github.createAccount(login)
  await world.github.install(account)
  return account
}

const pushesOf = (repository: Repository) =>
  db.push.findMany({
    where: { repository: { forgeRepositoryId: String(repository.id) } },
    orderBy: { createdAt: 'asc' },
    include: { build: true },
  })

describe('what was pushed', () => {
  test('while the api was down is live when it is up again, by deliveries that are sent again', async () => {
    const [ada, bob] = [await anAccount('ada'), await anAccount('bob')]
    await using one = await aLiveProject(ada, 'one')
    await using two = await aLiveProject(ada, 'two')
    await using three = await aLiveProject(bob, 'three')
    await world.app('api').stop()
    for (const project of [one, two, three]) {
      await project.push('missed')
      await project.push('missed, too')
    }
    await world.github.settled()
    const lost = world.github.webhooks.deliveries.slice(-6)
    expect(lost.flatMap(({ attempts }) => attempts.map(({ status }) => status))).toEqual(Array(6).fill(undefined))
    await world.start('api')
    for (const project of [one, two, three]) await expect.poll(project.says, SOON).toBe('missed, too')
    for (const { attempts } of lost) expect(attempts.at(-1)?.status).toBe(202)
    for (const { repository } of [one, two, three]) {
      const pushes = await pushesOf(repository)
      expect(pushes.map((push) => push.isFound)).toEqual([false, false, false])
      expect(pushes.at(-1)?.build?.state).toBe('live')
    }
  })

  test('and whose delivery is lost for good is found, and stays when it is told of late', async () => {
    const grace = await anAccount('grace')
    await using one = await aLiveProject(grace, 'four')
    await using two = await aLiveProject(grace, 'five')
    world.github.webhooks.hold()
    await one.push('missed')
    await one.push('missed, too')
    await two.copy.git('commit', '--amend', '--allow-empty', '--message=forced')
    await two.push('forced', '--force')
    for (const [project, text] of [
      [one, 'missed, too'],
      [two, 'forced'],
    ] as const) {
      await expect.poll(project.says, SOON).toBe(text)
      expect((await pushesOf(project.repository)).at(-1)).toMatchObject({ isFound: true, message: text })
    }
    await world.github.webhooks.release()
    for (const { repository } of [one, two]) {
      const builds = (await pushesOf(repository)).map((push) => push.build?.state)
      expect(builds.filter((state) => state !== 'superseded')).toEqual(['live', 'live'])
    }
    expect(await one.says()).toBe('missed, too')
  })

  test('before anybody pushed here is noted and not built; what follows is', async () => {
    const joan = world.github.createAccount('joan')
    await using project = await aProject(joan, 'six')
    const old = await project.push('old')
    await world.github.install(joan)
    const stand = () =>
      db.ref.findFirst({ where: { repository: { forgeRepositoryId: String(project.repository.id) } } })
    await expect.poll(async () => (await stand())?.sha, SOON).toBe(old)
    expect(await pushesOf(project.repository)).toEqual([])
    world.github.webhooks.hold()
    await project.push('new')
    await expect.poll(project.says, SOON).toBe('new')
  })
})

test('looks cost GitHub nothing while nothing moves, and an installation that it limits is left alone', async () => {
  const alan = await anAccount('alan')
  await using _project = await aLiveProject(alan, 'seven')
  const from = world.github.calls.length
  const looks = () =>
    world.github.calls
      .slice(from)
      .filter(({ path, status }) => path.includes(`/${alan.login}/seven/branches/`) && status !== undefined)
      .map(({ status }) => status)
  await expect.poll(() => looks().length, SOON).toBeGreaterThan(3)
  expect(new Set(looks().slice(1))).toEqual(new Set([304]))

  world.github.fail('repos/get-branch', { kind: 'primary-limit', resetInSeconds: 3_600 }, 1_000)
  const resting = () => world.logOf('api').then((log) => log.split('a branch cannot be compared').length - 1)
  await expect.poll(resting, SOON).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  const installations = new Set((await db.repository.findMany()).map(({ installationId }) => installationId))
  expect(await resting()).toBeLessThanOrEqual(8 * installations.size)
})
