import { Pool } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConsoleTenant, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

/** Requests that the api once failed at, or answered otherwise than its document says: openapi-fuzz found them. */
let stage: ConsoleStage
let owner: ConsoleTenant
let pool: Pool
beforeAll(async () => {
  stage = await startConsole()
  owner = await aConsoleTenant(stage, 'owner')
  pool = new Pool(new URL(stage.apiUrl).origin)
})
afterAll(async () => {
  await pool?.close()
  await stage?.[Symbol.asyncDispose]()
})

const send = async (route: string, body?: unknown, token = stage.operatorToken) => {
  const [method, path] = route.split(' ')
  const answer = await pool.request({
    // The rows hold these alone.
    method: method as 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: `/api/v1/${path}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

const SETTINGS = 'tenants/owner/repositories/shop/settings'

test.each<[name: string, route: string, status: number, body?: unknown]>([
  ['a path that is no UTF-8', 'GET tenants/%ff/builds', 400],
  ['a path that is encoded wrongly', 'GET builds/%zz', 400],
  ['a name that no route is long enough for', `GET tenants/${'a'.repeat(4_000)}/builds`, 404],
  ['U+0000 as a tenant, asked by an operator', 'GET tenants/%00/builds', 404],
  ['U+0000 as an event', 'GET tenants/owner/deliveries?event=%00', 400],
  ['U+0000 as a repository', 'GET deliveries?repository=a%00', 400],
  ['U+0000 in a token’s name', 'POST tenants/owner/tokens', 400, { name: 'a\u0000b' }],
  ['half a surrogate pair in a token’s name', 'POST tenants/owner/tokens', 400, { name: 'a\ud800' }],
  [
    'a token that expires before there was time',
    'POST tenants/owner/tokens',
    400,
    { name: 'a', expiresAt: '0000-01-01T00:00:00Z' },
  ],
  ['U+0000 in a build hook’s name', 'POST tenants/owner/repositories/shop/hooks', 400, { name: '\u0000' }],
  ['U+0000 in a variable', `PUT ${SETTINGS}`, 400, { previews: { environment: { A: '\u0000' } } }],
  ['half a surrogate pair in a variable', `PUT ${SETTINGS}`, 400, { previews: { environment: { A: '\ud800' } } }],
  ['U+0000 as a base', 'POST rebuilds', 400, { base: '\u0000' }],
])('%s is refused with a problem', async (_name, route, status, body) => {
  const answer = await send(route, body)
  expect({ ...answer, headers: undefined }).toMatchObject({ status })
  expect(JSON.parse(answer.text)).toMatchObject({ status, detail: expect.any(String) })
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.headers['cache-control']).toContain('no-store')
})

test('a domain as long as DNS has it can be removed again', async () => {
  const domain = `${'a'.repeat(63)}.${'b'.repeat(63)}.example.com`
  expect(await send('POST tenants/owner/domains', { domain }, owner.token)).toMatchObject({ status: 201 })
  expect(await send(`DELETE tenants/owner/domains/${domain}`, undefined, owner.token)).toMatchObject({ status: 204 })
})
