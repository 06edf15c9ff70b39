import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute, type Seen } from './support/a-function.ts'
import { ask, exchangeRaw, HOST } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/** What of a request’s headers reaches the function, and what the gateway adds. */
let world: GatewayWorld
let hello: AFunction

const seen = (body: string): Seen => JSON.parse(body)

beforeAll(async () => {
  hello = await aFunction()
  world = await startWorld({ TRUSTED_PROXIES: '192.0.2.0/24' }, { routes: [aRoute({ addresses: [hello.address] })] })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
})
beforeEach(() => {
  hello.seen.length = 0
})

test('nothing hop-by-hop and nothing that the cloud says itself gets through from a caller', async () => {
  const forged = {
    connection: 'close, X-Named, x-also-named',
    'x-named': '1',
    'x-also-named': '1',
    'keep-alive': 'timeout=5',
    'proxy-connection': 'keep-alive',
    'proxy-authorization': 'Basic x',
    'proxy-authenticate': 'Basic',
    te: 'trailers',
    upgrade: 'foo',
    forwarded: 'for=1.1.1.1',
    'x-forwarded-for': '1.1.1.1',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '1',
    'x-forwarded-server': 'evil',
    'x-real-ip': '1.1.1.1',
    'x-start-time': '1',
    'x-duration-seconds': '1',
    'x-pushfn-tenant': 'eve',
    x_forwarded_for: '1.1.1.1',
    X_Real_IP: '1.1.1.1',
    'x-kept': '1',
    x_kept: '2',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  const { body } = await ask({ port: world.port, headers: forged })
  const { names, headers } = seen(body)
  expect(names.filter((name) => name !== 'connection').sort()).toEqual([
    'host',
    'traceparent',
    'x-call-id',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-kept',
    'x-start-time',
    'x_kept',
  ])
  expect(headers).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': HOST,
    'x-forwarded-proto': 'http',
    connection: 'keep-alive',
    traceparent: forged.traceparent,
  })
  expect(headers['x-start-time']).toMatch(/^\d{19}$/)
})

test('a call has an id, the caller’s own when it can be one', async () => {
  const own = await ask({ port: world.port, headers: { 'x-call-id': 'mine-1' } })
  expect([own.headers['x-call-id'], seen(own.body).headers['x-call-id']]).toEqual(['mine-1', 'mine-1'])
  const given = await ask({ port: world.port, headers: { 'x-call-id': 'a b<script>' } })
  expect(given.headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(seen(given.body).headers['x-call-id']).toBe(given.headers['x-call-id'])
})

test('repeated fields arrive repeated', async () => {
  const { text } = await exchangeRaw(
    world.port,
    `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nX-Many: 1\r\nX-Many: 2\r\n\r\n`,
  )
  expect(text).toContain('200 OK')
  expect(hello.seen[0]?.names.filter((name) => name === 'x-many')).toHaveLength(2)
})

test('bytes that are no ASCII pass in a header as they are', async () => {
  const { text } = await exchangeRaw(world.port, `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nX-Name: caf\xc3\xa9\r\n\r\n`)
  expect(text).toContain('200 OK')
  expect(hello.seen[0]?.headers['x-name']).toBe('caf\xc3\xa9')
})
