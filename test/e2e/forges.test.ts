import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FakeAccountForge } from '../support/account-forge/start.ts'
import type { Repository } from '../support/account-forge/world.ts'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** The pipeline does not know which forge it serves: one push to each becomes a live URL and a status. */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n'

const aCopy = async (text: string): Promise<WorkingCopy> => {
  const copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': stack, 'hello/handler.js': handler(text) })
  return copy
}

const pushed = async (copy: WorkingCopy, url: string, branch = 'main') => {
  const sha = await copy.commit()
  const { code, output } = await copy.push(url, branch)
  if (code !== 0) throw new Error(output)
  return sha
}

const textOf = async (tenant: string) => (await localFetch(world.functionUrl(tenant, 'hello'))).text()
const statusOf = async (tenant: string) => (await localFetch(world.functionUrl(tenant, 'hello'))).status

describe.each(['gitlab', 'gitea'] as const)('a push to %s', (kind) => {
  const forge = (): FakeAccountForge => world[kind]
  /** A subgroup's name at GitLab; its tenant's label has no slash. */
  const aProject = async (name: string, options: { isPrivate?: boolean } = {}) => {
    const login = kind === 'gitlab' ? `${name}/web` : name
    const owner = forge().createAccount(login)
    const repository = await forge().createRepository({ owner, name: 'shop', ...options })
    return { owner, repository, tenant: login.replace('/', '-'), url: () => forge().pushUrl(repository) }
  }
  const failedState = kind === 'gitlab' ? 'failed' : 'failure'

  test('sets a status on the commit, each word once, and the URL answers', async () => {
    const { url, tenant } = await aProject(`ada-${kind}`)
    await using copy = await aCopy('ada')
    const sha = await pushed(copy, url())
    await forge().waitForStatus(sha, 'stack-deploy', 'success')
    const fn = await forge().waitForStatus(sha, 'hello', 'success')
    expect(fn.targetUrl).toBe(world.functionUrl(tenant, 'hello'))
    expect(await textOf(tenant)).toBe('ada')
    const states = forge()
      .statusesOf(sha)
      .filter((one) => one.context === 'stack-deploy')
    // What is live within two seconds is told of once.
    expect([['success'], ['pending', 'success']]).toContainEqual(states.map(({ state }) => state))

    const delivery = forge().webhooks.deliveries.at(-1)
    if (!delivery) throw new Error('no delivery')
    const answers = await forge().webhooks.resend(delivery, 20)
    expect(answers.map(({ body }) => JSON.parse(body ?? '{}').outcome)).toEqual(Array(20).fill('known'))
  })

  test('of a private repository is fetched by the account’s token, which is in no log', async () => {
    const { url, tenant } = await aProject(`grace-${kind}`, { isPrivate: true })
    await using copy = await aCopy('grace')
    await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', 'success')
    expect(await textOf(tenant)).toBe('grace')
    for (const app of ['api', 'builder', 'controller', 'gateway'] as const) {
      const log = await world.logOf(app)
      expect(log).not.toContain(forge().token)
      expect(log).not.toContain(Buffer.from(`oauth2:${forge().token}`).toString('base64'))
    }
  })

  test('of a tag or a release makes live what a push has built, where the tenant said so', async () => {
    const { repository, url, tenant } = await aProject(`joan-${kind}`)
    await using copy = await aCopy('one')
    await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', 'success')
    const promote = kind === 'gitlab' ? 'tag v*' : 'release v*'
    const put = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant}/repositories/shop/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ promote }),
    })
    expect(put.status).toBe(200)
    await copy.write({ 'hello/handler.js': handler('two') })
    await forge().waitForStatus(await pushed(copy, url()), 'hello', 'success')
    expect(await textOf(tenant)).toBe('one')
    await copy.git('tag', '--annotate', '--message', 'the second', 'v2')
    await copy.git('push', '--quiet', url(), 'v2')
    if (kind === 'gitea') await forge().publishRelease(repository, 'v2')
    await expect.poll(() => textOf(tenant), { timeout: 60_000 }).toBe('two')
  })

  test('of a broken stack fails with file, line and key, and leaves the old version serving', async () => {
    const { url, tenant } = await aProject(`alan-${kind}`)
    await using copy = await aCopy('alan')
    await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', 'success')
    await copy.write({ 'stack.yml': 'functions:\n  hello:\n    lang: nod24\n    handler: ./hello\n' })
    const status = await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', failedState)
    expect(status.description).toContain('stack.yml:3')
    expect(await textOf(tenant)).toBe('alan')
  })

  test('goes on after a rename, and a deleted repository’s functions go', async () => {
    const { url, tenant, repository } = await aProject(`donald-${kind}`)
    await using copy = await aCopy('donald')
    await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', 'success')
    await forge().renameRepository(repository, 'store')
    await copy.write({ 'hello/handler.js': handler('renamed') })
    await forge().waitForStatus(await pushed(copy, url()), 'stack-deploy', 'success')
    expect(await textOf(tenant)).toBe('renamed')
    await forge().deleteRepository(repository)
    await expect.poll(() => statusOf(tenant), { timeout: 20_000 }).toBe(404)
  })

  test('arrives by a hook of one repository, which speaks for no other tenant’s', async () => {
    const ours = await aProject(`barbara-${kind}`)
    const theirs = await aProject(`victim-${kind}`)
    await using copy = await aCopy('barbara')
    await forge().waitForStatus(await pushed(copy, ours.url()), 'stack-deploy', 'success')
    await using other = await aCopy('victim')
    await forge().waitForStatus(await pushed(other, theirs.url()), 'stack-deploy', 'success')

    const hook = await hookOf(ours.repository)
    forge().addHook(ours.repository, { ...hook, url: throughApi(hook.url), isSigning: kind === 'gitlab' })
    await copy.write({ 'hello/handler.js': handler('by its own hook') })
    const sha = await pushed(copy, ours.url())
    await forge().settled()
    const own = forge().webhooks.deliveries.findLast((delivery) => !delivery.isSystem)
    expect(own?.attempts).toMatchObject([{ status: 202 }])
    await forge().waitForStatus(sha, 'stack-deploy', 'success')

    // Whoever looks after the repository can read the secret, and write payloads of their own with it.
    const stolen = { ...hook, url: throughApi(hook.url) }
    forge().addHook(theirs.repository, stolen)
    await pushed(other, theirs.url())
    await forge().settled()
    const forged = forge().webhooks.deliveries.findLast((delivery) => delivery.hook === stolen)
    expect(forged?.attempts).toMatchObject([{ status: 401 }])
  })

  const hookOf = async (repository: Repository): Promise<{ url: string; secret: string }> => {
    const path = `${world.consoleUrl}/api/v1/forges/${kind}/repositories/${repository.id}/webhook`
    const answer = await localFetch(path, { headers: { authorization: `Bearer ${world.operatorToken}` } })
    expect(answer.status).toBe(200)
    const { url, secret } = Object(await answer.json())
    return { url: String(url), secret: String(secret) }
  }
  const throughApi = (url: string): string => {
    expect(url.startsWith(`${world.consoleUrl}/webhooks/`)).toBe(true)
    return url.replace(world.consoleUrl, world.apiUrl)
  }
})

test('the same login of two forges is two tenants', async () => {
  const texts = new Map<string, string>()
  for (const kind of ['gitlab', 'gitea'] as const) {
    const forge = world[kind]
    const owner = forge.createAccount('twin')
    const repository = await forge.createRepository({ owner, name: 'shop' })
    await using copy = await aCopy(kind)
    const sha = await pushed(copy, forge.pushUrl(repository))
    const { targetUrl } = await forge.waitForStatus(sha, 'hello', 'success')
    await forge.waitForStatus(sha, 'stack-deploy', 'success')
    texts.set(String(targetUrl), await (await localFetch(String(targetUrl))).text())
  }
  expect([...texts]).toEqual([
    [world.functionUrl('twin', 'hello'), 'gitlab'],
    [world.functionUrl('twin-2', 'hello'), 'gitea'],
  ])
})

test('a push to this cloud’s own Git goes the same way', async () => {
  const tenant = await aTenantOf(world)
  await using copy = await aCopy('builtin')
  await pushed(copy, tenant.gitUrl('shop'))
  expect(await textOf(tenant.slug)).toBe('builtin')
})
