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
    method: method as 'GET' | 'POST' | 'DELETE',
    path: `/api/v1/${path}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

test.each<[name: string, route: string, status: number, body?: unknown]>([
  ['a path that is no UTF-8', 'GET tenants/%ff/builds', 400],
  ['a path that is encoded wrongly', 'GET builds/%zz', 400],
  ['a name that no route is long enough for', `GET tenants/${'a'.repeat(4_000)}/builds`, 404],
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
