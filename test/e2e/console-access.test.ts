import { randomUUID } from 'node:crypto'
import { LoginLinkView } from '@pushfn/model/api'
import { AuditPage } from '@pushfn/model/audit'
import { TenantSlug } from '@pushfn/model/names'
import { createLoginCode } from '@pushfn/store/login-links'
import { recordPerson } from '@pushfn/store/people'
import { createBuiltinTenant } from '@pushfn/store/tenants'
import { createToken } from '@pushfn/store/tokens'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'
import { restRoutes } from './rest-routes.ts'

let stage: ConsoleStage
let owner: ConsoleTenant
let stranger: ConsoleTenant
/** Of the owner, ended. */
let build: string
let strangersBuild: string

beforeAll(async () => {
  stage = await startConsole()
  owner = await aConsoleTenant(stage, 'owner')
  stranger = await aConsoleTenant(stage, 'stranger')
  const played = await aPlayedBuild(stage, owner)
  await played.say({ kind: 'state', state: 'building' }, { kind: 'state', state: 'live' })
  build = played.id
  const other = await aPlayedBuild(stage, stranger)
  await other.say({ kind: 'state', state: 'live' })
  strangersBuild = other.id
})
afterAll(() => stage[Symbol.asyncDispose]())

type Role = 'nobody' | 'stranger' | 'viewer' | 'developer' | 'own token' | 'own session' | 'operator'
type Statuses = Record<Role, number>

/** The own token is an owner's, and so is the session that it opens. */
const answers = (own: number): Statuses => ({
  nobody: 401,
  stranger: 404,
  viewer: own,
  developer: own,
  'own token': own,
  'own session': own,
  operator: own,
})
const developers = (own: number): Statuses => ({ ...answers(own), viewer: 403 })
const owners = (own: number): Statuses => ({ ...developers(own), developer: 403 })
const operators = (own: number): Statuses => ({ ...all(403), nobody: 401, operator: own })
const all = (status: number): Statuses => ({ ...answers(status), nobody: status, stranger: status })

interface Row {
  route: string
  path?: () => string
  body?: unknown
  expected: Statuses
  /** Nothing is kept by anybody, where it is not said. */
  caching?: string
}

/** Every route of the REST API, as it is written in the controllers, and what each role gets from it. */
const TABLE: Row[] = [
  { route: 'POST tenants', body: { slug: 'new-one' }, expected: operators(201) },
  { route: 'POST allowed-tenants', body: { forge: 'github', login: 'Octo-Cat' }, expected: operators(201) },
  {
    route: 'GET forges/:forge/repositories/:id/webhook',
    // This cloud has no GitLab.
    path: () => 'forges/gitlab/repositories/15/webhook',
    expected: operators(404),
  },
  { route: 'POST tenants/:tenant/tokens', body: { name: 'ci' }, expected: owners(201) },
  { route: 'GET tenants/:tenant/tokens', expected: owners(200) },
  // No token has the id of a build.
  { route: 'DELETE tenants/:tenant/tokens/:id', expected: owners(404) },
  { route: 'POST tenants/:tenant/domains', body: { domain: 'shop.example.com' }, expected: owners(201) },
  { route: 'GET tenants/:tenant/domains', expected: answers(200) },
  { route: 'POST tenants/:tenant/domains/:domain/verify', expected: owners(404) },
  { route: 'DELETE tenants/:tenant/domains/:domain', expected: owners(404) },
  { route: 'PUT tenants/:tenant/secrets/:secret', body: { value: 'hunter2' }, expected: developers(200) },
  { route: 'GET tenants/:tenant/secrets', expected: answers(200) },
  { route: 'GET tenants/:tenant/sealing-key', expected: answers(200) },
  // It is there once.
  { route: 'DELETE tenants/:tenant/secrets/:secret', expected: { ...developers(404), developer: 204 } },
  { route: 'GET tenants/:tenant/limits', expected: answers(200) },
  {
    route: 'PUT tenants/:tenant/limits',
    body: { requestsPerSecond: 100, burst: null, concurrentRequests: 10 },
    expected: operators(200),
  },
  { route: 'DELETE tenants/:tenant/limits', expected: operators(200) },
  { route: 'GET tenants/:tenant/functions', expected: answers(200) },
  {
    route: 'GET tenants/:tenant/functions/:function/dead-letters',
    path: () => 'tenants/owner/functions/hello/dead-letters',
    expected: answers(200),
  },
  // No call has the id of a build.
  { route: 'POST tenants/:tenant/functions/:function/dead-letters/:id/replay', expected: developers(404) },
  { route: 'DELETE tenants/:tenant/functions/:function/dead-letters/:id', expected: developers(404) },
  { route: 'GET tenants/:tenant/callback-key', expected: developers(200) },
  { route: 'GET tenants/:tenant/repositories', expected: answers(200) },
  // The played repository has this name.
  {
    route: 'POST tenants/:tenant/repositories',
    body: { name: 'shop', template: 'https://example.com/a/b' },
    expected: developers(409),
  },
  { route: 'GET tenants/:tenant/repositories/:repository/settings', expected: answers(200) },
  {
    route: 'PUT tenants/:tenant/repositories/:repository/settings',
    body: { deployBranch: 'main' },
    expected: developers(200),
  },
  // The played repository is on nobody's disk.
  { route: 'POST tenants/:tenant/repositories/:repository/deploys', body: { ref: 'main' }, expected: developers(404) },
  { route: 'POST tenants/:tenant/repositories/:repository/hooks', body: { name: 'cms' }, expected: developers(201) },
  { route: 'GET tenants/:tenant/repositories/:repository/hooks', expected: developers(200) },
  // No hook has the id of a build.
  { route: 'DELETE tenants/:tenant/repositories/:repository/hooks/:id', expected: developers(404) },
  // Nothing of this name was ever deployed.
  { route: 'GET tenants/:tenant/functions/:function/revisions', expected: answers(404) },
  { route: 'GET tenants/:tenant/functions/:function/revisions/:revision/provenance', expected: answers(404) },
  { route: 'GET tenants/:tenant/functions/:function/revisions/:revision/sbom', expected: answers(404) },
  { route: 'POST tenants/:tenant/functions/:function/rollback', expected: developers(404) },
  {
    route: 'POST tenants/:tenant/functions/:function/promote',
    body: { alias: 'pr-7-shop' },
    expected: developers(404),
  },
  { route: 'GET tenants/:tenant/functions/:function/canary', expected: answers(404) },
  {
    route: 'POST tenants/:tenant/functions/:function/canary',
    body: { alias: '1a2b3c4d', weight: 5 },
    expected: developers(404),
  },
  { route: 'PATCH tenants/:tenant/functions/:function/canary', body: { weight: 5 }, expected: developers(404) },
  { route: 'DELETE tenants/:tenant/functions/:function/canary', expected: developers(404) },
  { route: 'POST tenants/:tenant/functions/:function/canary/promote', expected: developers(404) },
  { route: 'DELETE tenants/:tenant/functions/:function/pin', expected: developers(404) },
  {
    route: 'POST tenants/:tenant/repositories/:repository/rollback',
    body: { sha: '1a2b3c4d' },
    expected: developers(404),
  },
  { route: 'DELETE tenants/:tenant/repositories/:repository/pin', expected: developers(200) },
  { route: 'GET tenants/:tenant/builds', expected: answers(200) },
  { route: 'GET tenants/:tenant/builds/:id', expected: answers(200) },
  { route: 'GET tenants/:tenant/builds/:id/events', expected: answers(200) },
  { route: 'GET tenants/:tenant/builds/:id/log', expected: answers(200) },
  { route: 'GET builds/:id', expected: answers(200) },
  { route: 'GET tenants/:tenant/deliveries', expected: answers(200) },
  // No delivery has the id of a build.
  { route: 'GET tenants/:tenant/deliveries/:id', expected: answers(404) },
  { route: 'POST tenants/:tenant/deliveries/:id/replay', expected: developers(404) },
  { route: 'GET deliveries', expected: operators(200) },
  { route: 'GET deliveries/:id', expected: operators(404) },
  { route: 'POST deliveries/:id/replay', expected: operators(404) },
  { route: 'POST rebuilds', body: { tenants: ['owner'] }, expected: operators(202) },
  { route: 'GET rebuilds', expected: operators(200) },
  // No rebuild has the id of a build.
  { route: 'GET rebuilds/:id', expected: operators(404) },
  { route: 'POST tenants/:tenant/login-links', expected: owners(201) },
  // A token is revoked, not signed out.
  { route: 'DELETE sessions', expected: { ...all(409), nobody: 401 } },
  { route: 'GET tenants/:tenant/audit', expected: owners(200) },
  { route: 'GET tenants/:tenant/audit.ndjson', expected: owners(200) },
  { route: 'GET audit', expected: operators(200) },
  { route: 'GET audit.ndjson', expected: operators(200) },
  { route: 'GET openapi.json', expected: all(200), caching: 'public' },
  { route: 'GET session', expected: { ...all(200), nobody: 401 } },
  // No token opens or ends a session but from the console's own page, which the tests of the session are about.
  { route: 'POST session', body: { token: 'any' }, expected: { ...all(403), 'own session': 401 } },
  { route: 'DELETE session', expected: { ...all(403), 'own session': 204 } },
]

/** What exists for the owner, asked for in ways that must not find it, and what exists for nobody. */
const ASTRAY: Row[] = [
  { route: 'a foreign build', path: () => `tenants/owner/builds/${strangersBuild}`, expected: answers(404) },
  { route: 'a foreign log', path: () => `tenants/owner/builds/${strangersBuild}/log`, expected: answers(404) },
  { route: 'foreign events', path: () => `tenants/owner/builds/${strangersBuild}/events`, expected: answers(404) },
  {
    route: 'the owner’s build by the stranger’s door',
    path: () => `tenants/stranger/builds/${build}`,
    expected: answers(404),
  },
  { route: 'an id that is none', path: () => 'tenants/owner/builds/1%27%20OR%201=1', expected: answers(404) },
  { route: 'a link to an id that is none', path: () => 'builds/..%2f..%2fetc', expected: answers(404) },
  {
    route: 'a build that never was',
    path: () => 'builds/0193b0c4-5b5d-7a3e-8f00-0123456789ab',
    expected: answers(404),
  },
  { route: 'a tenant that never was', path: () => 'tenants/nobody/builds', expected: answers(404) },
]

const pathOf = (row: Row): string =>
  row.path?.() ??
  row.route
    .split(' ')[1]
    ?.replace(':tenant', 'owner')
    .replace(':function', 'hello')
    .replace(':repository', 'shop')
    .replace(':secret', 'db-password')
    .replace(':revision', '0123456789ab')
    .replace(':id', build) ??
  ''

/** Signs in as the console's page does; returns the cookie. */
const signIn = async (token: string): Promise<string> => {
  const answer = await request(`${stage.apiUrl}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ token }),
  })
  expect(answer.statusCode).toBe(201)
  await answer.body.dump()
  return String(answer.headers['set-cookie']).split(';')[0] ?? ''
}

const tokenOf = async (role: 'viewer' | 'developer'): Promise<string> =>
  (await createToken(stage.db, owner.tenant.id, { name: role, role })).token

const headersOf = async (role: Role): Promise<Record<string, string>> => {
  switch (role) {
    case 'nobody':
      return {}
    case 'stranger':
      return { authorization: `Bearer ${stranger.token}` }
    case 'viewer':
    case 'developer':
      return { authorization: `Bearer ${await tokenOf(role)}` }
    case 'own token':
      return { authorization: `Bearer ${owner.token}` }
    case 'own session':
      return { cookie: await signIn(owner.token), 'sec-fetch-site': 'same-origin' }
    case 'operator':
      return { authorization: `Bearer ${stage.operatorToken}` }
  }
}

const ROLES: Role[] = ['nobody', 'stranger', 'viewer', 'developer', 'own token', 'own session', 'operator']
const ROWS = [...TABLE, ...ASTRAY].flatMap((row) => ROLES.map((role) => ({ row, role, route: row.route })))

describe('every route', () => {
  test.each(ROWS)('$route answers $role as it must', async ({ row, role }) => {
    const method = row.path ? 'GET' : row.route.split(' ')[0]
    const answer = await request(`${stage.apiUrl}/${pathOf(row)}`, {
      // The table holds these alone.
      method: method as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      headers: { ...(row.body ? { 'content-type': 'application/json' } : {}), ...(await headersOf(role)) },
      ...(row.body !== undefined && { body: JSON.stringify(row.body) }),
    })
    const text = await answer.body.text()
    expect({ status: answer.statusCode, text }).toEqual({ status: row.expected[role], text })
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.headers['cache-control']).toContain(row.caching ?? 'no-store')
    if (answer.statusCode < 400) return
    expect(JSON.parse(text)).toMatchObject({ status: row.expected[role], detail: expect.any(String) })
    // Whoever may not see a thing learns nothing of it.
    expect(text).not.toContain(role === 'stranger' ? owner.tenant.id : stranger.tenant.id)
  })

  test('is in the table', async () => {
    expect(TABLE.map((row) => row.route).toSorted()).toEqual(await restRoutes())
  })
})

test('a password that a browser keeps for Git and sends by itself opens nothing', async () => {
  const basic = Buffer.from(`any:${owner.token}`).toString('base64')
  const answer = await request(`${stage.apiUrl}/tenants/owner/builds`, { headers: { authorization: `Basic ${basic}` } })
  expect(answer.statusCode).toBe(401)
  expect(answer.headers['www-authenticate']).toBeUndefined()
  await answer.body.dump()
})

describe('a request by cookie that changes something', () => {
  const makeToken = async (headers: Record<string, string>): Promise<number> => {
    const answer = await request(`${stage.apiUrl}/tenants/owner/tokens`, {
      method: 'POST',
      headers: { cookie: await signIn(owner.token), ...headers },
      body: JSON.stringify({ name: 'csrf' }),
    })
    await answer.body.dump()
    return answer.statusCode
  }

  test.each([
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['from a sibling host', { 'sec-fetch-site': 'same-site' }, 403],
    ['typed by hand', { 'sec-fetch-site': 'none' }, 403],
    ['from nowhere it would say', {}, 403],
    ['with a foreign Origin', { origin: 'http://evil.fn.localhost' }, 403],
    ['with Origin null', { origin: 'null' }, 403],
    ['from another site that writes our Origin', { 'sec-fetch-site': 'cross-site', origin: 'OURS' }, 403],
    ['from the console’s page', { 'sec-fetch-site': 'same-origin' }, 201],
    ['from the console’s page, in an older browser', { origin: 'OURS' }, 201],
  ])('%s', async (_name, headers: Record<string, string>, status) => {
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'OURS' ? stage.consoleUrl : value]),
    )
    expect(await makeToken(own)).toBe(status)
  })
})

describe('a session', () => {
  const who = async (cookie: string): Promise<{ status: number; body: unknown }> => {
    const answer = await request(`${stage.apiUrl}/session`, { headers: { cookie } })
    return { status: answer.statusCode, body: await answer.body.json() }
  }

  test('stands for the tenant whose token opened it', async () => {
    const [mine, theirs] = [await signIn(owner.token), await signIn(stranger.token)]
    expect(await who(mine)).toMatchObject({ status: 200, body: { kind: 'tenant', tenant: 'owner' } })
    expect(await who(theirs)).toMatchObject({ status: 200, body: { kind: 'tenant', tenant: 'stranger' } })
  })

  test('is a host cookie that no script reads and no other site sends', async () => {
    const answer = await request(`${stage.apiUrl}/session`, {
      method: 'POST',
      headers: { origin: stage.consoleUrl },
      body: JSON.stringify({ token: owner.token }),
    })
    const [value, ...attributes] = String(answer.headers['set-cookie']).split('; ')
    expect(value).toMatch(/^__Host-pushfn=[\w-]{43}$/)
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure'])
    await answer.body.dump()
  })

  test('has a new id after every sign-in, and the former one is worth nothing', async () => {
    const first = await signIn(owner.token)
    const answer = await request(`${stage.apiUrl}/session`, {
      method: 'POST',
      headers: { cookie: first, 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ token: owner.token }),
    })
    await answer.body.dump()
    expect(String(answer.headers['set-cookie'])).not.toContain(first)
    expect(await who(first)).toMatchObject({ status: 401 })
  })

  test('is over after the sign-out, also for who kept its cookie', async () => {
    const cookie = await signIn(owner.token)
    const answer = await request(`${stage.apiUrl}/session`, {
      method: 'DELETE',
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(answer.statusCode).toBe(204)
    expect(String(answer.headers['set-cookie'])).toContain('Max-Age=0')
    expect(await who(cookie)).toMatchObject({ status: 401 })
  })

  test('ends at once when its token is revoked, another tenant’s goes on', async () => {
    const leaver = await aConsoleTenant(stage)
    const [gone, stays] = [await signIn(leaver.token), await signIn(stranger.token)]
    await stage.db.apiToken.updateMany({ where: { tenantId: leaver.tenant.id }, data: { revokedAt: new Date() } })
    expect(await who(gone)).toMatchObject({ status: 401 })
    expect(await who(stays)).toMatchObject({ status: 200 })
  })

  test('is nothing that a reader of Redis could use', async () => {
    const cookie = await signIn(owner.token)
    const id = cookie.split('=')[1] ?? ''
    const keys = await stage.bus.redis.keys(`${stage.cloud}:session:*`)
    const values = await Promise.all(keys.map((key) => stage.bus.redis.getBuffer(key)))
    const kept = [...keys, ...values.map((value) => value?.toString('latin1'))].join('\n')
    expect(keys.length).toBeGreaterThan(0)
    expect(kept).not.toContain(id)
    expect(kept).not.toContain(owner.token)
    for (const key of keys) expect(await stage.bus.redis.ttl(key)).toBeGreaterThan(0)
  })

  test('is not opened by a wrong token, an operator’s token, or from another site', async () => {
    const open = async (token: string, site: string) => {
      const answer = await request(`${stage.apiUrl}/session`, {
        method: 'POST',
        headers: { 'sec-fetch-site': site },
        body: JSON.stringify({ token }),
      })
      await answer.body.dump()
      expect(answer.headers['set-cookie']).toBeUndefined()
      return answer.statusCode
    }
    expect(await open('pf_wrong', 'same-origin')).toBe(401)
    expect(await open(stage.operatorToken, 'same-origin')).toBe(403)
    expect(await open(owner.token, 'cross-site')).toBe(403)
    expect(await open('', 'same-origin')).toBe(400)
  })
})

describe('a person', () => {
  const base = (path: string, cookie: string, init: { method?: 'POST' | 'DELETE'; body?: unknown } = {}) =>
    request(`${stage.apiUrl}/${path}`, {
      method: init.method ?? 'GET',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    })
  const asked = async (...args: Parameters<typeof base>): Promise<number> => {
    const answer = await base(...args)
    await answer.body.dump()
    return answer.statusCode
  }
  const signInBy = async (code: string): Promise<{ status: number; cookie: string; body: unknown }> => {
    const answer = await base('session', '', { method: 'POST', body: { code } })
    return {
      status: answer.statusCode,
      cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '',
      body: await answer.body.json(),
    }
  }
  const aPerson = async (...accounts: { id: string; role: 'viewer' | 'developer' | 'owner' }[]): Promise<string> => {
    const forge = owner.tenant.forge
    const { id } = await recordPerson(stage.db, { forge, id: randomUUID(), login: 'ada', accounts })
    return createLoginCode(stage.db, id, new Date(Date.now() + 60_000))
  }

  test('may do with each tenant what their role there lets them, and has no other', async () => {
    const third = await aConsoleTenant(stage)
    const code = await aPerson(
      { id: owner.tenant.forgeAccountId, role: 'viewer' },
      { id: third.tenant.forgeAccountId, role: 'owner' },
    )
    const { status, cookie, body } = await signInBy(code)
    expect(status).toBe(201)
    expect(body).toMatchObject({ kind: 'person', login: 'ada', tenants: [{ role: 'viewer' }, { role: 'owner' }] })
    expect(await asked('tenants/owner/builds', cookie)).toBe(200)
    expect(await asked(`builds/${build}`, cookie)).toBe(200)
    expect(await asked('tenants/owner/tokens', cookie, { method: 'POST', body: { name: 'mine' } })).toBe(403)
    const own = `tenants/${third.tenant.slug}/tokens`
    expect(await asked(own, cookie, { method: 'POST', body: { name: 'mine' } })).toBe(201)
    expect(await asked('tenants/stranger/builds', cookie)).toBe(404)
    expect(await asked(`builds/${strangersBuild}`, cookie)).toBe(404)
    expect(await asked('rebuilds', cookie)).toBe(403)
  })

  test('loses what the forge says no more at the next login, and a tenant that is suspended at once', async () => {
    const { tenant } = await aConsoleTenant(stage)
    const { cookie } = await signInBy(await aPerson({ id: tenant.forgeAccountId, role: 'owner' }))
    expect(await asked(`tenants/${tenant.slug}/builds`, cookie)).toBe(200)
    await stage.db.tenant.update({ where: { id: tenant.id }, data: { suspendedAt: new Date() } })
    expect(await asked(`tenants/${tenant.slug}/builds`, cookie)).toBe(404)
  })

  test('is signed in by a link once, not by one that is used, expired or made up', async () => {
    const code = await aPerson()
    expect((await signInBy(code)).status).toBe(201)
    expect((await signInBy(code)).status).toBe(401)
    expect((await signInBy('made-up')).status).toBe(401)
    const late = await aPerson()
    await stage.db.loginLink.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } })
    expect((await signInBy(late)).status).toBe(401)
  })

  test('of many who open one link at once one is signed in', async () => {
    const code = await aPerson()
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await signInBy(code)).status))
    expect(statuses.toSorted()).toEqual([201, ...Array(7).fill(401)])
  })

  test('who signs out everywhere is out in every browser, and can sign in anew', async () => {
    const { id } = await recordPerson(stage.db, { forge: 'github', id: randomUUID(), login: 'ada', accounts: [] })
    const login = async () =>
      (await signInBy(await createLoginCode(stage.db, id, new Date(Date.now() + 60_000)))).cookie
    const [here, there] = [await login(), await login()]
    expect(await asked('sessions', here, { method: 'DELETE' })).toBe(204)
    expect([await asked('session', here), await asked('session', there)]).toEqual([401, 401])
    expect(await asked('session', await login())).toBe(200)
  })

  test('has a link of a tenant of the builtin forge made by its owner, and is its owner then', async () => {
    const { tenant } = await createBuiltinTenant(stage.db, TenantSlug.parse('link-tenant'))
    const { token } = await createToken(stage.db, tenant.id, { name: 'test' })
    const answer = await request(`${stage.apiUrl}/tenants/${tenant.slug}/login-links`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.statusCode).toBe(201)
    const { url } = LoginLinkView.parse(await answer.body.json())
    expect(url.startsWith(`${stage.consoleUrl}/login#`)).toBe(true)
    const { body } = await signInBy(new URL(url).hash.slice(1))
    expect(body).toMatchObject({ kind: 'person', tenants: [{ tenant: 'link-tenant', role: 'owner' }] })
  })
})

describe('what is changed by the api', () => {
  const ask = async (path: string, token: string, init: { method?: 'POST' | 'DELETE'; body?: unknown } = {}) => {
    const answer = await request(`${stage.apiUrl}/${path}`, {
      method: init.method ?? 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
  const trailOf = async (slug: string, token: string) =>
    AuditPage.parse(JSON.parse((await ask(`tenants/${slug}/audit`, token)).text)).items

  test('is written down with who did it, and not with what was sent; what was refused or only read is not', async () => {
    const { tenant, token } = await aConsoleTenant(stage)
    const made = await ask(`tenants/${tenant.slug}/tokens`, token, { method: 'POST', body: { name: 'for ci' } })
    const { id, token: secret } = JSON.parse(made.text)
    await ask(`tenants/${tenant.slug}/tokens/${id}`, stage.operatorToken, { method: 'DELETE' })
    await ask(`tenants/${tenant.slug}/tokens`, token)
    expect((await ask(`tenants/${tenant.slug}/tokens`, token, { method: 'POST', body: {} })).status).toBe(400)
    const trail = await trailOf(tenant.slug, token)
    expect(trail).toMatchObject([
      { actor: 'operator', action: 'revokeToken', tenant: tenant.slug, subject: { id }, address: '127.0.0.1' },
      { actor: 'token test', action: 'makeToken', tenant: tenant.slug, subject: {} },
    ])
    expect(JSON.stringify(trail)).not.toContain(secret)
    const lines = (await ask(`tenants/${tenant.slug}/audit.ndjson`, token)).text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(trail)
    expect((await ask('audit.ndjson', stage.operatorToken)).text).toContain(JSON.stringify(trail[0]))
    expect(await trailOf('stranger', stranger.token)).not.toContainEqual(
      expect.objectContaining({ tenant: tenant.slug }),
    )
  })

  test('is not to be changed, nor taken away, whoever has the database open', async () => {
    await expect(stage.db.auditEntry.updateMany({ data: { actor: 'nobody' } })).rejects.toThrow('only added')
    await expect(stage.db.auditEntry.deleteMany()).rejects.toThrow('only added')
  })
})
