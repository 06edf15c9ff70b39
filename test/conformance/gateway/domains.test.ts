import { findFreePort } from '@pushfn/local/free-port'
import { changePublished, syncPublished } from '@pushfn/store/calls/published'
import { domainKeys } from '@pushfn/store/calls/published-domains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask } from './support/raw-client.ts'
import { startRedis } from './support/redis-server.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** Hosts that tenants have brought themselves. The table is written as api and controller write it. */
let world: GatewayWorld
let adas: AFunction
let eves: AFunction

const entry = (tenant: string, name: string | null = null) => JSON.stringify({ tenant, function: name })
const table = {
  'shop.example.com': entry('ada'),
  'api.example.com': entry('ada', 'hello'),
  'eve.example.org': entry('eve'),
}
const keysOf = (of: GatewayWorld) => domainKeys(of.keys.table.replace(/:routes$/, ''))
const at = (host: string, path = '/') => ask({ port: world.port, host, path })

beforeAll(async () => {
  adas = await aFunction()
  eves = await aFunction()
  world = await startWorld(
    {},
    {
      routes: [
        aRoute({ addresses: [adas.address] }),
        aRoute({ function: 'other', addresses: [adas.address] }),
        aRoute({ tenant: 'eve', addresses: [eves.address] }),
        aRoute({ tenant: 'eve', function: 'private', addresses: [eves.address], auth: 'token' }),
      ],
    },
  )
  await syncPublished(world.redis, keysOf(world), async () => table)
  await until(async () => (await at('shop.example.com', '/hello')).status === 200, 'the domains are served')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  for (const one of [adas, eves]) await one[Symbol.asyncDispose]()
})

describe('a domain', () => {
  test.each([
    ['shop.example.com', '/hello/x?q=1', '/x?q=1'],
    ['SHOP.example.com:8443', '/function/hello', '/'],
    ['api.example.com', '/', '/'],
    ['api.example.com', '/hello/x?q=1', '/hello/x?q=1'],
    ['api.example.com.', '/other', '/other'],
  ])('%s%s reaches the function as %s', async (host, path, expected) => {
    const answer = await at(host, path)
    expect([answer.status, JSON.parse(answer.body).url]).toEqual([200, expected])
    expect(JSON.parse(answer.body).headers).toMatchObject({ host, 'x-forwarded-host': host })
  })

  test('leads to nobody else’s functions', async () => {
    const before = eves.seen.length
    expect((await at('shop.example.com', '/private')).status).toBe(404)
    expect((await at('api.example.com', '/../eve/hello')).status).toBe(200)
    expect(eves.seen).toHaveLength(before)
    expect((await at('eve.example.org', '/hello')).status).toBe(200)
    expect(eves.seen).toHaveLength(before + 1)
    // The door is the function's, whatever host leads there.
    expect((await at('eve.example.org', '/private')).status).toBe(401)
  })

  test.each([
    'example.com',
    'x.shop.example.com',
    'shop.example.com.evil.org',
    'shop.example',
    '__proto__',
    'constructor',
  ])('%s is nobody’s', async (host) => {
    const answer = await at(host, '/hello')
    expect([answer.status, JSON.parse(answer.body).title]).toEqual([404, 'No such host'])
  })

  test('takes an async call too, which is its tenant’s though the domain is another’s when it runs', async () => {
    const { redis } = world
    await changePublished(redis, keysOf(world), { put: { 'moving.example.com': entry('ada') } })
    await until(async () => (await at('moving.example.com', '/hello')).status === 200, 'the domain is served')
    const accepted = await ask({
      port: world.port,
      host: 'moving.example.com',
      path: '/async-function/hello/later',
      method: 'POST',
      headers: { 'x-delay-seconds': '1' },
    })
    expect(accepted.status).toBe(202)
    await changePublished(redis, keysOf(world), { put: { 'moving.example.com': entry('eve') } })
    await until(() => adas.seen.some(({ url }) => url === '/later'), 'ada’s function has the call')
    expect(eves.seen.some(({ url }) => url === '/later')).toBe(false)
    expect((await at('api.example.com', '/async-function/hello')).body).toContain('"/async-function/hello"')
  })

  test('that is added, moved or removed is so at once', async () => {
    const { redis } = world
    await changePublished(redis, keysOf(world), { put: { 'new.example.com': entry('ada') } })
    await until(async () => (await at('new.example.com', '/hello')).status === 200, 'the new domain is served')
    await changePublished(redis, keysOf(world), { put: { 'new.example.com': entry('eve') } })
    const seen = eves.seen.length
    await until(async () => {
      await at('new.example.com', '/hello')
      return eves.seen.length > seen
    }, 'it leads to the other tenant')
    await changePublished(redis, keysOf(world), { remove: ['new.example.com'] })
    await until(async () => (await at('new.example.com', '/hello')).status === 404, 'it is served no more')
    expect((await at('shop.example.com', '/hello')).status).toBe(200)
  })

  test('that cannot be read is passed over', async () => {
    await changePublished(world.redis, keysOf(world), { put: { 'shop.example.com': '{', 'bad.example.com': '[]' } })
    await changePublished(world.redis, keysOf(world), { put: { 'last.example.com': entry('ada') } })
    await until(async () => (await at('last.example.com', '/hello')).status === 200, 'the change behind it is served')
    expect((await at('shop.example.com', '/hello')).status).toBe(200)
    expect((await at('bad.example.com', '/hello')).status).toBe(404)
  })
})

test('without Redis, and with an emptied one, domains go on; a change of which nobody told is found', async () => {
  const port = await findFreePort()
  let redis = await startRedis(port)
  await using own = await startWorld({}, { redisUrl: redis.url, routes: [aRoute({ addresses: [adas.address] })] })
  const isServed = async (host: string) => (await ask({ port: own.port, host, path: '/hello' })).status === 200
  await syncPublished(own.redis, keysOf(own), async () => ({ 'a.example.com': entry('ada') }))
  await until(() => isServed('a.example.com'), 'the domain is served')
  await redis[Symbol.asyncDispose]()
  expect(await isServed('a.example.com')).toBe(true)
  redis = await startRedis(port)
  await until(async () => (await own.redis.ping()) === 'PONG', 'Redis is back')
  expect(await isServed('a.example.com')).toBe(true)
  const { table: key, version } = keysOf(own)
  await own.redis.multi().hset(key, 'b.example.com', entry('ada')).set(version, '7').exec()
  await until(
    async () => (await isServed('b.example.com')) && !(await isServed('a.example.com')),
    'the table is read anew',
  )
  await redis[Symbol.asyncDispose]()
})
