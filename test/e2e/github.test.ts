import { openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n'

/** An account with the App installed and a repository, and a working copy with one function in it. */
const aProject = async (login: string, isPrivate = false) => {
  const account = world.github.createAccount(login)
  const repository = await world.github.createRepository({ owner: account, name: 'shop', isPrivate })
  await world.github.install(account)
  const copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': stack, 'hello/handler.js': handler(login) })
  const url = world.github.pushUrl(repository)
  return { account, repository, copy, url }
}

const pushed = async (copy: WorkingCopy, url: string, branch = 'main') => {
  const sha = await copy.commit()
  const { code, output } = await copy.push(url, branch)
  if (code !== 0) throw new Error(output)
  return sha
}

describe('a push to GitHub', () => {
  test('sets check runs on the commit, no statuses beside them, and the URL answers', async () => {
    const { copy, url } = await aProject('ada')
    const sha = await pushed(copy, url)
    const status = await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    const fn = await world.github.waitForStatus(sha, 'hello', 'success')
    expect(fn.targetUrl).toBe(world.functionUrl('ada', 'hello'))
    expect(status.targetUrl).toMatch(new RegExp(`^${world.consoleUrl}/builds/[0-9a-f-]{36}$`))
    expect(await (await localFetch(world.functionUrl('ada', 'hello'))).text()).toBe('ada')
    const states = world.github.statusesOf(sha).filter((one) => one.context === 'stack-deploy')
    // What is live soon is told of once.
    expect(['success', 'pending,success']).toContain(states.map((one) => one.state).join())
    const checks = world.github.checksOf(sha).map(({ fields }) => [fields.name, fields.conclusion])
    expect(Object.fromEntries(checks)).toEqual({ hello: 'success', 'stack-deploy': 'success' })
    expect(checks).toHaveLength(2)
    expect(world.github.statusesOf(sha).filter(({ by }) => by === 'status')).toEqual([])
    await copy[Symbol.asyncDispose]()
  })

  test('of a private repository is fetched by the installation’s token, which is in no log', async () => {
    const { copy, url } = await aProject('grace', true)
    const sha = await pushed(copy, url)
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    expect(await (await localFetch(world.functionUrl('grace', 'hello'))).text()).toBe('grace')
    for (const app of ['api', 'builder', 'controller', 'gateway'] as const) {
      expect(await world.logOf(app)).not.toMatch(/ghs_[A-Za-z0-9]/)
    }
    await copy[Symbol.asyncDispose]()
  })

  test('of another branch than the default one is success with “skipping build”', async () => {
    const { copy, url } = await aProject('joan')
    const sha = await pushed(copy, url, 'topic')
    const status = await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    expect(status.description).toContain('skipping build for topic branch')
    await copy[Symbol.asyncDispose]()
  })

  test('of a broken stack fails with file, line and key, annotates it, and leaves the old version serving', async () => {
    const { copy, url } = await aProject('alan')
    await world.github.waitForStatus(await pushed(copy, url), 'stack-deploy', 'success')
    await copy.write({ 'stack.yml': 'functions:\n  hello:\n    lang: nod24\n    handler: ./hello\n' })
    const sha = await pushed(copy, url)
    const status = await world.github.waitForStatus(sha, 'stack-deploy', 'failure')
    expect(status.description).toContain('stack.yml:3')
    await expect.poll(() => world.github.checksOf(sha).at(0)?.fields.conclusion, { timeout: 20_000 }).toBe('failure')
    expect(world.github.checksOf(sha)[0]?.annotations).toMatchObject([{ path: 'stack.yml', start_line: 3 }])
    expect(await (await localFetch(world.functionUrl('alan', 'hello'))).text()).toBe('alan')
    await copy[Symbol.asyncDispose]()
  })

  test('delivered fifty times at once and once more later is built once', async () => {
    const { copy, url } = await aProject('barbara')
    const sha = await pushed(copy, url)
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    const before = world.github.statusesOf(sha).length
    const delivery = world.github.webhooks.deliveries.filter((one) => one.event === 'push').at(-1)
    if (!delivery) throw new Error('no delivery')
    const attempts = await Promise.all(Array.from({ length: 50 }, () => world.github.webhooks.redeliver(delivery.guid)))
    expect(attempts.map((attempt) => JSON.parse(attempt.body ?? '{}').outcome)).toEqual(Array(50).fill('known'))
    const db = openDatabase(world.databaseUrl, 1)
    const builds = await db.build.findMany({ where: { push: { sha } }, select: { state: true, tries: true } })
    await db.$disconnect()
    expect(builds).toEqual([{ state: 'live', tries: 1 }])
    expect(world.github.statusesOf(sha)).toHaveLength(before)
    await copy[Symbol.asyncDispose]()
  })
})

describe('what happens to a repository', () => {
  test('its functions go when the App is uninstalled, come back with it, and take pushes again', async () => {
    const { account, repository, copy, url } = await aProject('edsger')
    await world.github.waitForStatus(await pushed(copy, url), 'stack-deploy', 'success')
    const installation = (await world.github.install(account)) ?? undefined
    await world.github.uninstall(installation)
    await expect
      .poll(async () => (await localFetch(world.functionUrl('edsger', 'hello'))).status, { timeout: 20_000 })
      .toBe(404)
    await world.github.install(account)
    await expect
      .poll(async () => (await localFetch(world.functionUrl('edsger', 'hello'))).status, { timeout: 20_000 })
      .toBe(200)
    await copy.write({ 'hello/handler.js': handler('again') })
    await world.github.waitForStatus(await pushed(copy, world.github.pushUrl(repository)), 'stack-deploy', 'success')
    expect(await (await localFetch(world.functionUrl('edsger', 'hello'))).text()).toBe('again')
    await copy[Symbol.asyncDispose]()
  })

  test('a renamed repository goes on, a deleted one’s functions go', async () => {
    const { repository, copy, url } = await aProject('donald')
    await world.github.waitForStatus(await pushed(copy, url), 'stack-deploy', 'success')
    await world.github.renameRepository(repository, 'store')
    await copy.write({ 'hello/handler.js': handler('renamed') })
    await world.github.waitForStatus(await pushed(copy, world.github.pushUrl(repository)), 'stack-deploy', 'success')
    expect(await (await localFetch(world.functionUrl('donald', 'hello'))).text()).toBe('renamed')
    await world.github.deleteRepository(repository)
    await expect
      .poll(async () => (await localFetch(world.functionUrl('donald', 'hello'))).status, { timeout: 20_000 })
      .toBe(404)
    await copy[Symbol.asyncDispose]()
  })
})
