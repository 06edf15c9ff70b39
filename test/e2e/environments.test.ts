import { randomUUID } from 'node:crypto'
import type { RepositorySettings } from '@pushfn/model/repository-settings'
import { openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

/** Branches whose pushes go to another place than production. */
let world: World
beforeAll(async () => {
  world = await startWorld({ env: { CATCH_UP_MS: '2000' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const SOON = { timeout: 60_000, interval: 100 }

const handler = (text: string) =>
  `module.exports = async (event, context) => context.status(200).succeed('${text} ' + process.env.PLACE)\n`
const stack = (names: readonly string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n    environment:\n      PLACE: production\n`).join('')}`

/** A tenant whose functions `one` and `two` are live. */
const aProject = async () => {
  const account = world.github.createAccount(`t${randomUUID().slice(0, 8)}`)
  const repository = await world.github.createRepository({ owner: account, name: 'shop' })
  await world.github.install(account)
  const copy = await aWorkingCopy()
  const url = world.github.pushUrl(repository)
  const tenant = account.login
  const push = async (branch: string, files: Record<string, string | null>): Promise<string> => {
    await copy.write(files)
    const sha = await copy.commit()
    const { code, output } = await copy.push(url, branch)
    if (code !== 0) throw new Error(output)
    return sha
  }
  const first = await push('main', {
    'stack.yml': stack(['one', 'two']),
    'one/handler.js': handler('1'),
    'two/handler.js': handler('2'),
  })
  await world.github.waitForStatus(first, 'stack-deploy', 'success')
  return {
    tenant,
    push,
    /** What a function of an environment answers; of production without one. */
    says: async (name: string, environment?: string): Promise<string> => {
      const host = environment === undefined ? tenant : `${environment}--${tenant}`
      const res = await localFetch(world.functionUrl(host, name))
      return res.status === 200 ? (await res.text()).trim() : String(res.status)
    },
    settle: async (settings: RepositorySettings) => {
      const api = `${world.consoleUrl}/api/v1/tenants/${tenant}/repositories/shop/settings`
      const headers = { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' }
      const res = await localFetch(api, { method: 'PUT', headers, body: JSON.stringify(settings) })
      return { status: res.status, body: Object(await res.json()) }
    },
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  }
}

const STAGING = { environments: { staging: { branch: 'develop', environment: { PLACE: 'staging' } } } }

describe('an environment of a branch', () => {
  test('has the whole stack, under an address of its own that stays, and production knows nothing of it', async () => {
    await using project = await aProject()
    const { tenant, push, says, settle } = project
    expect(await settle(STAGING)).toEqual({ status: 200, body: STAGING })

    const same = await push('develop', { 'README.md': 'nothing that counts' })
    await world.github.waitForStatus(same, 'staging/stack-deploy', 'success')
    expect([await says('one', 'staging'), await says('two', 'staging')]).toEqual(['1 staging', '2 staging'])
    const status = world.github.statusesOf(same).findLast(({ context }) => context === 'staging/one')
    expect(status).toMatchObject({ state: 'success', targetUrl: world.functionUrl(`staging--${tenant}`, 'one') })
    const deploymentsOf = (sha: string) =>
      world.github.deploymentsOf(sha).map(({ environment, statuses }) => [environment, statuses.at(-1)?.state])
    await expect.poll(() => deploymentsOf(same), SOON).toEqual([['staging', 'success']])

    const next = await push('develop', { 'stack.yml': stack(['one']), 'one/handler.js': handler('next') })
    await world.github.waitForStatus(next, 'staging/stack-deploy', 'success')
    expect(await says('one', 'staging')).toBe('next staging')
    await expect.poll(() => says('two', 'staging'), SOON).toBe('404')
    expect([await says('one'), await says('two')]).toEqual(['1 production', '2 production'])

    // Merged, it is what production has as well, and staging goes on as it was.
    const merged = await push('main', { 'README.md': 'merged' })
    await world.github.waitForStatus(merged, 'stack-deploy', 'success')
    await expect.poll(() => says('one'), SOON).toBe('next production')
    expect(await says('one', 'staging')).toBe('next staging')

    expect((await settle({})).status).toBe(200)
    await expect.poll(() => says('one', 'staging'), SOON).toBe('404')
    await expect
      .poll(() => [same, next].flatMap(deploymentsOf), SOON)
      .toEqual([
        ['staging', 'inactive'],
        ['staging', 'inactive'],
      ])
    expect(await says('one')).toBe('next production')
    const late = await push('develop', { 'one/handler.js': handler('late') })
    const skipped = await world.github.waitForStatus(late, 'stack-deploy', 'success')
    expect(skipped.description).toContain('skipping build for develop branch')
  })

  test('that breaks leaves what ran there, and never reaches production by a rollback or a promotion', async () => {
    await using project = await aProject()
    const { tenant, push, says, settle } = project
    await settle(STAGING)
    const good = await push('develop', { 'one/handler.js': handler('good') })
    await world.github.waitForStatus(good, 'staging/stack-deploy', 'success')
    const bad = await push('develop', { 'one/handler.js': 'module.exports = (' })
    await world.github.waitForStatus(bad, 'staging/stack-deploy', 'failure')
    expect(await says('one', 'staging')).toBe('good staging')
    const headers = { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' }
    const promote = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant}/functions/one/promote`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ alias: 'staging' }),
    })
    expect(promote.status).toBe(409)
    expect(await says('one')).toBe('1 production')
  })

  test('is found where its push was missed', async () => {
    await using project = await aProject()
    const { push, says, settle } = project
    await settle(STAGING)
    const heard = await push('develop', { 'one/handler.js': handler('heard') })
    await world.github.waitForStatus(heard, 'staging/stack-deploy', 'success')
    world.github.webhooks.hold()
    await push('develop', { 'one/handler.js': handler('missed') })
    await expect.poll(() => says('one', 'staging'), { timeout: 90_000, interval: 250 }).toBe('missed staging')
    await world.github.webhooks.release(() => [])
    const db = openDatabase(world.databaseUrl, 1)
    const found = await db.push.findMany({ where: { isFound: true }, select: { ref: true } })
    await db.$disconnect()
    expect(found).toEqual([{ ref: 'refs/heads/develop' }])
  })
})

test('the branch that deploys is nobody’s environment', async () => {
  await using project = await aProject()
  const refused = await project.settle({ environments: { staging: { branch: 'main' } } })
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toContain('environments.staging.branch: “main” is the branch that deploys')
  const taken = await project.settle(STAGING)
  expect(taken.status).toBe(200)
  expect((await project.settle({ ...STAGING, deployBranch: 'develop' })).status).toBe(409)
})
