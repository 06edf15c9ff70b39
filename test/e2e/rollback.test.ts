import { RebuildView } from '@pushfn/model/api-rebuilds'
import { type RevisionList, RevisionList as RevisionListSchema } from '@pushfn/model/api-revisions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callAllTheWhile } from '../support/call-all-the-while.ts'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** Rollbacks, promotions and pins through the API of a whole cloud. */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = (...names: string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`

const api = async (tenant: TestTenant, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => {
  const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tenant.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: Object(await answer.json()) }
}
const revisions = async (tenant: TestTenant, name: string): Promise<RevisionList> =>
  RevisionListSchema.parse((await api(tenant, 'GET', `${tenant.slug}/functions/${name}/revisions`)).body)
const said = async (tenant: TestTenant, name: string) => (await localFetch(world.functionUrl(tenant.slug, name))).text()

/** Commits and pushes; returns the commit and what the pusher saw. */
const deploy = async (copy: WorkingCopy, tenant: TestTenant, files: Record<string, string | null>) => {
  await copy.write(files)
  const sha = await copy.commit()
  return { sha, ...(await copy.push(tenant.gitUrl('shop'))) }
}

describe('a function', () => {
  test('goes back without a build and without a failed call, further back, and to a commit by name', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const one = await deploy(copy, tenant, { 'stack.yml': stack('a'), 'a/handler.js': handler('one') })
    await deploy(copy, tenant, { 'a/handler.js': handler('two') })
    const three = await deploy(copy, tenant, { 'a/handler.js': handler('three') })
    const images = async () => (await litterOf(world.docker, world.cloud)).images.length
    const before = await images()

    const stop = callAllTheWhile(world.functionUrl(tenant.slug, 'a'))
    const back = await api(tenant, 'POST', `${tenant.slug}/functions/a/rollback`, {})
    expect(back).toMatchObject({ status: 200, body: { items: [{ function: 'a', state: 'live' }] } })
    expect(await said(tenant, 'a')).toBe('two')
    expect((await api(tenant, 'POST', `${tenant.slug}/functions/a/rollback`, {})).body.items[0].sha).toBe(one.sha)
    expect(await said(tenant, 'a')).toBe('one')
    const none = await api(tenant, 'POST', `${tenant.slug}/functions/a/rollback`, {})
    expect(none).toMatchObject({ status: 409, body: { detail: expect.stringContaining('was live before') } })
    await api(tenant, 'POST', `${tenant.slug}/functions/a/rollback`, { sha: three.sha.slice(0, 8) })
    expect(await said(tenant, 'a')).toBe('three')
    expect(await stop()).toEqual([])
    expect(await images()).toBe(before)

    const { pinnedAt, items } = await revisions(tenant, 'a')
    expect(pinnedAt).not.toBeNull()
    expect(items.map((item) => item.state)).toEqual(['live', 'kept', 'kept'])
    expect(items.map((item) => item.changed)).toEqual([[], [], null])
  })

  test('that was rolled back stays through a push of before, and goes on with the next one or an unpin', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const dockerfile = (text: string, seconds: number) =>
      `FROM pushfn/base:latest\nRUN echo ${tenant.slug} ${text} && sleep ${seconds}\nCMD ["node", "-e", "require('http').createServer((q, s) => s.end('${text}')).listen(8080)"]\n`
    await deploy(copy, tenant, {
      'stack.yml': 'functions:\n  slow:\n    lang: dockerfile\n    handler: ./slow\n',
      'slow/Dockerfile': dockerfile('one', 0),
    })
    await deploy(copy, tenant, { 'slow/Dockerfile': dockerfile('two', 0) })
    const onItsWay = deploy(copy, tenant, { 'slow/Dockerfile': dockerfile('three', 8) })
    const builds = async () => (await api(tenant, 'GET', `${tenant.slug}/builds`)).body.items
    await expect.poll(async () => (await builds())[0].state, { timeout: 30_000 }).toBe('building')
    await api(tenant, 'POST', `${tenant.slug}/functions/slow/rollback`, {})
    expect(await said(tenant, 'slow')).toBe('one')

    expect((await onItsWay).output).toContain('slow stays where it was put by hand')
    expect(await said(tenant, 'slow')).toBe('one')
    const unpinned = await api(tenant, 'DELETE', `${tenant.slug}/functions/slow/pin`)
    expect(unpinned).toMatchObject({ status: 200, body: { items: [{ state: 'live' }] } })
    expect(await said(tenant, 'slow')).toBe('three')

    await api(tenant, 'POST', `${tenant.slug}/functions/slow/rollback`, {})
    expect(await said(tenant, 'slow')).toBe('one')
    await deploy(copy, tenant, { 'slow/Dockerfile': dockerfile('four', 0) })
    expect(await said(tenant, 'slow')).toBe('four')
    expect((await revisions(tenant, 'slow')).pinnedAt).toBeNull()
  })

  test('of another tenant can neither be seen nor moved', async () => {
    const [ada, eve] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    await deploy(copy, ada, { 'stack.yml': stack('a'), 'a/handler.js': handler('ada') })
    const { sha } = await deploy(copy, ada, { 'a/handler.js': handler('ada again') })
    await deploy(copy, eve, { 'a/handler.js': handler('eve') })
    const [hers] = (await revisions(ada, 'a')).items
    expect((await api(eve, 'POST', `${ada.slug}/functions/a/rollback`, {})).status).toBe(404)
    expect((await api(eve, 'POST', `${eve.slug}/functions/a/rollback`, { revision: hers?.id })).status).toBe(404)
    expect((await api(eve, 'POST', `${eve.slug}/functions/a/rollback`, { sha })).status).toBe(404)
    expect([await said(ada, 'a'), await said(eve, 'a')]).toEqual(['ada again', 'eve'])
  })
})

describe('where tags promote', () => {
  const promoting = (tenant: TestTenant, settings: object) =>
    localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/repositories/shop/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    })
  const of = (tenant: TestTenant, sha: string, name: string) =>
    localFetch(world.functionUrl(`${sha.slice(0, 8)}--${tenant.slug}`, name)).then((answer) => answer.text())

  test('a push has its commit’s URL alone, and a tag of it makes the same image live', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const one = { 'stack.yml': stack('a', 'gone'), 'a/handler.js': handler('one'), 'gone/handler.js': handler('g') }
    expect((await deploy(copy, tenant, one)).output).toContain('done in')
    expect((await promoting(tenant, { promote: 'v*' })).status).toBe(400)
    expect((await promoting(tenant, { promote: 'tag v*' })).status).toBe(200)

    const two = { 'stack.yml': stack('a', 'b'), 'a/handler.js': handler('two'), 'b/handler.js': handler('b') }
    const { sha, output } = await deploy(copy, tenant, two)
    expect(output).toContain('a is built, and waits at')
    // No deploy waits for a commit's URL: it is there moments later.
    await expect.poll(() => of(tenant, sha, 'a'), { timeout: 20_000 }).toBe('two')
    await expect.poll(() => of(tenant, sha, 'b'), { timeout: 20_000 }).toBe('b')
    expect(await said(tenant, 'a')).toBe('one')
    expect((await localFetch(world.functionUrl(tenant.slug, 'b'))).status).toBe(404)
    const images = async () => (await litterOf(world.docker, world.cloud)).images.length
    const before = await images()

    await copy.git('tag', 'x1')
    await copy.git('push', '--quiet', tenant.gitUrl('shop'), 'x1')
    expect(await said(tenant, 'a')).toBe('one')
    await copy.git('tag', '--annotate', '--message', 'the second', 'v2')
    const stop = callAllTheWhile(world.functionUrl(tenant.slug, 'a'))
    await copy.git('push', '--quiet', tenant.gitUrl('shop'), 'v2')
    expect([await said(tenant, 'a'), await said(tenant, 'b')]).toEqual(['two', 'b'])
    expect(await stop()).toEqual([])
    expect(await images()).toBe(before)
    // What the tagged commit does not have goes, as at any deploy.
    await expect
      .poll(async () => (await localFetch(world.functionUrl(tenant.slug, 'gone'))).status, { timeout: 20_000 })
      .toBe(404)
    const { body } = await api(tenant, 'GET', `${tenant.slug}/builds`)
    expect(body.items[0]).toMatchObject({ ref: 'refs/tags/v2', sha, state: 'live' })
    await copy.git('push', '--quiet', tenant.gitUrl('shop'), ':v2')
    expect(await said(tenant, 'a')).toBe('two')
  })

  test('branch and tag of one push, and a tag of a commit that no branch brought, go live', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await deploy(copy, tenant, { 'stack.yml': stack('a'), 'a/handler.js': handler('one') })
    await promoting(tenant, { promote: 'tag v*' })
    await copy.write({ 'a/handler.js': handler('two') })
    await copy.commit()
    await copy.git('tag', 'v2')
    await copy.git('push', '--quiet', tenant.gitUrl('shop'), 'v2', 'HEAD:main')
    expect(await said(tenant, 'a')).toBe('two')
    await copy.write({ 'a/handler.js': handler('three') })
    await copy.commit('three [skip ci]')
    await copy.git('tag', 'v3')
    await copy.git('push', '--quiet', tenant.gitUrl('shop'), 'v3')
    expect(await said(tenant, 'a')).toBe('three')
    await copy.git('tag', '--force', 'v3', 'HEAD~1')
    await copy.git('push', '--quiet', '--force', tenant.gitUrl('shop'), 'v3')
    expect(await said(tenant, 'a')).toBe('two')
  })
})

test('a whole stack goes back to a commit; what came later stays, and all of it is pinned', async () => {
  const tenant = await aTenantOf(world)
  await using copy = await aWorkingCopy()
  const first = await deploy(copy, tenant, {
    'stack.yml': stack('a', 'b'),
    'a/handler.js': handler('a one'),
    'b/handler.js': handler('b one'),
  })
  await deploy(copy, tenant, {
    'stack.yml': stack('a', 'b', 'c'),
    'a/handler.js': handler('a two'),
    'b/handler.js': handler('b two'),
    'c/handler.js': handler('c'),
  })
  const back = await api(tenant, 'POST', `${tenant.slug}/repositories/shop/rollback`, { sha: first.sha })
  expect(back.status).toBe(200)
  expect(await Promise.all(['a', 'b', 'c'].map((name) => said(tenant, name)))).toEqual(['a one', 'b one', 'c'])
  const { body } = await api(tenant, 'GET', `${tenant.slug}/functions`)
  expect(body.items.map((fn: { pinnedSince: unknown }) => typeof fn.pinnedSince)).toEqual([
    'string',
    'string',
    'string',
  ])
  await api(tenant, 'DELETE', `${tenant.slug}/repositories/shop/pin`)
  expect(await Promise.all(['a', 'b', 'c'].map((name) => said(tenant, name)))).toEqual(['a two', 'b two', 'c'])
})

describe('a new base image', () => {
  /** Tells which base it runs on. */
  const marked = (text: string) =>
    `module.exports = async (event, context) => context.status(200).succeed('${text} on ' + (process.env.BASE_MARK ?? 'the first'))\n`
  const operate = async (method: 'GET' | 'POST', path: string, body?: unknown, token = world.operatorToken) => {
    const answer = await localFetch(`${world.consoleUrl}/api/v1/rebuilds${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: Object(await answer.json()) }
  }
  const bases: string[] = []
  afterAll(async () => {
    for (const base of bases) await world.docker.getImage(base).remove({ force: true })
  })
  /** An image that differs from the base in its environment. */
  const aBase = async (tag: string, env: string): Promise<string> => {
    const container = await world.docker.createContainer({ Image: process.env.PUSHFN_TEST_BASE_IMAGE ?? '' })
    await container.commit({ repo: `pushfn/${world.cloud}`, tag, changes: `ENV ${env}` })
    await container.remove()
    bases.push(`pushfn/${world.cloud}:${tag}`)
    return `pushfn/${world.cloud}:${tag}`
  }
  const untilFinished = async (id: string): Promise<RebuildView> => {
    const view = async () => RebuildView.parse((await operate('GET', `/${id}`)).body)
    await expect.poll(async () => (await view()).finishedAt, { timeout: 120_000 }).not.toBeNull()
    return view()
  }
  const NONE = { waiting: 0, building: 0, done: 0, failed: 0, moved: 0 }

  test('comes under all that is live by one wish, each at its commit and pinned as it was; what fails on it stays', async () => {
    const [ada, eve] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    const one = await deploy(copy, ada, {
      'stack.yml': stack('a', 'b'),
      'a/handler.js': marked('a one'),
      'b/handler.js': marked('b one'),
    })
    await deploy(copy, ada, { 'b/handler.js': marked('b two') })
    await api(ada, 'POST', `${ada.slug}/functions/b/rollback`, {})
    await using another = await aWorkingCopy()
    await deploy(another, eve, { 'stack.yml': stack('c'), 'c/handler.js': marked('c') })
    const tenants = [ada.slug, eve.slug]
    expect((await operate('POST', '', { tenants }, ada.token)).status).toBe(403)
    const texts = () => Promise.all([said(ada, 'a'), said(ada, 'b'), said(eve, 'c')])
    expect(await texts()).toEqual(['a one on the first', 'b one on the first', 'c on the first'])

    await world.app('builder').stop()
    const wished = await operate('POST', '', { tenants })
    expect([wished.status, wished.body.isPlanned]).toEqual([202, false])
    expect((await operate('POST', '', { tenants: tenants.toReversed() })).body.id).toBe(wished.body.id)
    const stop = callAllTheWhile(world.functionUrl(ada.slug, 'a'))
    const second = await aBase('second', 'BASE_MARK=second')
    await world.start('builder', { BASE_IMAGE: second })
    expect((await untilFinished(wished.body.id)).counts).toEqual({ ...NONE, done: 3 })
    await expect.poll(texts, { timeout: 10_000 }).toEqual(['a one on second', 'b one on second', 'c on second'])
    expect(await stop()).toEqual([])

    const { Id } = await world.docker.getImage(second).inspect()
    const b = await revisions(ada, 'b')
    expect(b.pinnedAt).not.toBeNull()
    expect(b.items[0]).toMatchObject({ sha: one.sha, state: 'live', bases: [{ image: second, id: Id }], changed: [] })
    const again = await operate('POST', '', { tenants })
    expect((await untilFinished(again.body.id)).counts).toEqual(NONE)
    const { output } = await deploy(copy, ada, { 'b/handler.js': marked('b three') })
    expect(output).toContain('a is unchanged')
    expect(await texts()).toEqual(['a one on second', 'b three on second', 'c on second'])
    expect((await api(ada, 'POST', `${ada.slug}/functions/b/rollback`, {})).body.items[0].sha).toBe(one.sha)

    await world.app('builder').stop()
    await world.start('builder', { BASE_IMAGE: await aBase('third', 'NODE_OPTIONS=--no-such-option') })
    const failing = await untilFinished((await operate('POST', '', { tenants: [eve.slug] })).body.id)
    expect(failing.counts).toEqual({ ...NONE, failed: 1 })
    expect(failing.failed[0]).toMatchObject({
      tenant: eve.slug,
      function: 'c',
      reason: expect.stringContaining('no-such-option'),
    })
    expect(await said(eve, 'c')).toBe('c on second')
    expect((await revisions(eve, 'c')).items.map(({ state }) => state)).toEqual(['failed', 'live', 'kept'])
  })
})
