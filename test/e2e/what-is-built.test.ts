import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** What a tenant settles about its repositories, and asks for by hand. */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = (...names: string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`

const api = async (tenant: Pick<TestTenant, 'slug' | 'token'>, method: string, path: string, body?: unknown) => {
  const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/repositories/${path}`, {
    method,
    headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: Object(text === '' ? {} : JSON.parse(text)) }
}

const textOf = async (tenant: TestTenant, name: string) =>
  (await localFetch(world.functionUrl(tenant.slug, name))).text()
const untilText = (tenant: TestTenant, name: string, text: string) =>
  expect.poll(() => textOf(tenant, name), { timeout: 60_000 }).toBe(text)

const push = async (copy: WorkingCopy, url: string, branch = 'main') => {
  const sha = await copy.commit()
  return { sha, output: (await copy.push(url, branch)).output }
}

describe('a repository of several stacks', () => {
  test('deploys the functions of each, from its own root', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('mono')
    await copy.write({ 'README.md': 'two apps' })
    expect((await push(copy, url)).output).toContain('there is no stack.yml at the root of the repository')
    const set = await api(tenant, 'PUT', 'mono/settings', { roots: ['apps/one', './apps/two/'] })
    expect(set).toMatchObject({ status: 200, body: { roots: ['apps/one', 'apps/two'] } })

    await copy.write({
      'apps/one/stack.yml': stack('a'),
      'apps/one/a/handler.js': handler('a1'),
      'apps/two/stack.yml': stack('b'),
      'apps/two/b/handler.js': handler('b1'),
    })
    await push(copy, url)
    expect([await textOf(tenant, 'a'), await textOf(tenant, 'b')]).toEqual(['a1', 'b1'])

    await copy.write({ 'apps/two/b/handler.js': 'module.exports = async () => {\n  return {{ b }\n}\n' })
    expect((await push(copy, url)).output).toContain('apps/two/b/handler.js:2')
    await copy.write({ 'apps/two/b/handler.js': handler('b2'), 'apps/two/stack.yml': stack('b', 'a') })
    expect((await push(copy, url)).output).toContain(
      'apps/two/stack.yml:5:3: functions.a stands in apps/one/stack.yml on line 2 as well',
    )
    await copy.write({ 'apps/two/stack.yml': null })
    expect((await push(copy, url)).output).toContain('apps/two/stack.yml: it is not there')
    expect([await textOf(tenant, 'a'), await textOf(tenant, 'b')]).toEqual(['a1', 'b1'])
  })
})

describe('files that are ignored', () => {
  test('make no build when nothing else differs from what is live, and hide nothing', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('docs')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    await push(copy, url)
    await api(tenant, 'PUT', 'docs/settings', { ignore: ['docs', '**/*.md'] })
    await copy.write({ 'README.md': 'not yet told' })
    const { sha, output: first } = await push(copy, url)
    expect(first).toContain('a is unchanged')

    await copy.write({ 'README.md': 'more', 'docs/a.txt': 'x', 'a/NOTES.md': 'y' })
    expect((await push(copy, url)).output).toContain(
      `skipped: since ${sha.slice(0, 8)}, which is live, only files changed`,
    )

    await copy.write({ 'a/handler.js': 'throw new Error()\n' })
    expect((await push(copy, url)).output).toContain('FAILED')
    await copy.write({ 'README.md': 'the failed change is in it still' })
    expect((await push(copy, url)).output).toContain('FAILED')
    await copy.write({ 'a/handler.js': handler('a2') })
    await push(copy, url)
    expect(await textOf(tenant, 'a')).toBe('a2')
  })
})

describe('a deploy by hand', () => {
  test('is of any branch, tag or commit, until the next push', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('shop')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    const { sha: first } = await push(copy, url)
    await copy.git('tag', '--annotate', '--message', 'one', 'v1')
    await copy.git('push', '--quiet', url, 'v1')
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, url, 'topic')

    const byBranch = await api(tenant, 'POST', 'shop/deploys', { ref: 'topic' })
    expect(byBranch).toMatchObject({ status: 202, body: { ref: 'refs/heads/topic', sha: topic } })
    await untilText(tenant, 'a', 'on topic')
    const byTag = await api(tenant, 'POST', 'shop/deploys', { ref: 'v1' })
    expect(byTag).toMatchObject({ status: 202, body: { ref: 'refs/tags/v1', sha: first } })
    await untilText(tenant, 'a', 'a1')
    expect((await api(tenant, 'POST', 'shop/deploys', { sha: topic })).status).toBe(202)
    await untilText(tenant, 'a', 'on topic')
    await copy.write({ 'a/handler.js': handler('a2') })
    await push(copy, url)
    expect(await textOf(tenant, 'a')).toBe('a2')
  })

  test('of what is not there, or another tenant’s, is refused', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy('hello')
    await push(copy, tenant.gitUrl('shop'))
    for (const what of [{ ref: 'nowhere' }, { sha: 'a'.repeat(40) }, { ref: 'refs/pull/1/head' }]) {
      expect((await api(tenant, 'POST', 'shop/deploys', what)).status, JSON.stringify(what)).toBe(404)
    }
    for (const what of [{}, { ref: 'main', sha: 'a'.repeat(40) }, { ref: '--upload-pack=x' }, { sha: 'main' }]) {
      expect((await api(tenant, 'POST', 'shop/deploys', what)).status, JSON.stringify(what)).toBe(400)
    }
    const stranger = { slug: tenant.slug, token: other.token }
    expect((await api(stranger, 'POST', 'shop/deploys', { ref: 'main' })).status).toBe(404)
  })

  test('of a private repository at a forge finds the branch there', async () => {
    const owner = world.github.createAccount('iris')
    const repository = await world.github.createRepository({ owner, name: 'shop', isPrivate: true })
    await world.github.install(owner)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    const { sha } = await push(copy, world.github.pushUrl(repository))
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, world.github.pushUrl(repository), 'topic')
    const operator = { slug: 'iris', token: world.operatorToken }
    const deploy = await api(operator, 'POST', 'shop/deploys', { ref: 'topic' })
    expect(deploy).toMatchObject({ status: 202, body: { sha: topic } })
    await world.github.waitForStatus(topic, 'a', 'success')
    expect(await (await localFetch(world.functionUrl('iris', 'a'))).text()).toBe('on topic')
    expect(await world.logOf('api')).not.toMatch(/ghs_[A-Za-z0-9]/)
  })
})

describe('a build hook', () => {
  test('deploys its branch for whoever has its URL, not too often, until it is taken away', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('shop')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    await push(copy, url)
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, url, 'topic')

    const made = await api(tenant, 'POST', 'shop/hooks', { name: 'the CMS', branch: 'topic' })
    expect(made).toMatchObject({ status: 201, body: { name: 'the CMS', branch: 'topic', lastUsedAt: null } })
    // Whatever its sender has to say beside the URL is no matter.
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const call = () => localFetch(String(made.body.url), { method: 'POST', headers, body: 'entry=7' })
    const called = await call()
    expect({ status: called.status, body: await called.json() }).toMatchObject({ status: 202, body: { sha: topic } })
    await untilText(tenant, 'a', 'on topic')
    expect((await call()).status).toBe(429)

    const { body } = await api(tenant, 'GET', 'shop/hooks')
    expect(body.items).toMatchObject([{ id: made.body.id, lastUsedAt: expect.any(String) }])
    const token = String(made.body.url).split('/').at(-1) ?? ''
    expect(JSON.stringify(body)).not.toContain(token)
    expect(await world.logOf('api')).not.toContain(token)

    const stranger = { slug: tenant.slug, token: other.token }
    expect((await api(stranger, 'GET', 'shop/hooks')).status).toBe(404)
    expect((await api(stranger, 'DELETE', `shop/hooks/${made.body.id}`)).status).toBe(404)
    await push(copy, other.gitUrl('theirs'))
    expect((await api(other, 'DELETE', `theirs/hooks/${made.body.id}`)).status).toBe(404)
    expect((await api(tenant, 'DELETE', `shop/hooks/${made.body.id}`)).status).toBe(204)
    expect((await call()).status).toBe(404)
  })
})
