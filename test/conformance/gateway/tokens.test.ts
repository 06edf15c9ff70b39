import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import { RateLimits } from '@pushfn/model/access-policy'
import { changePublished, syncPublished } from '@pushfn/store/calls/published'
import { tokenHash, tokenKey, tokenKeys } from '@pushfn/store/calls/published-tokens'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { type Answer, ask, exchangeRaw } from './support/raw-client.ts'
import { type RedisServer, startRedis } from './support/redis-server.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** Private functions: who gets in, and what becomes of the token. The table is written as api and controller write it. */
let redis: RedisServer
let world: GatewayWorld
let hello: AFunction

const aToken = (): string => `pf_${randomBytes(24).toString('base64url')}`
const entry = (token: string, tenant: string, expiresAt: number | null = null): Record<string, string> => ({
  [tokenKey(tokenHash(token))]: JSON.stringify({ tenant, expiresAt }),
})
const adas = aToken()
const eves = aToken()
const keys = () => tokenKeys(world.keys.table.replace(/:routes$/, ''))
const publish = (put: Record<string, string>) => changePublished(world.redis, keys(), { put })
const revoke = (token: string) => changePublished(world.redis, keys(), { remove: [tokenKey(tokenHash(token))] })
const call = (token: string | undefined, about: { host?: string; path?: string } = {}): Promise<Answer> =>
  ask({ port: world.port, ...about, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

beforeAll(async () => {
  hello = await aFunction()
  redis = await startRedis()
  world = await startWorld(
    {},
    {
      redisUrl: redis.url,
      routes: [
        aRoute({ addresses: [hello.address], auth: 'token' }),
        aRoute({ function: 'open', addresses: [hello.address] }),
        aRoute({
          function: 'limited',
          addresses: [hello.address],
          auth: 'token',
          limits: RateLimits.parse({ requestsPerSecond: 0.01, burst: 2 }),
        }),
        aRoute({ tenant: 'eve', addresses: [hello.address], auth: 'token' }),
      ],
    },
  )
  await syncPublished(world.redis, keys(), async () => ({ ...entry(adas, 'ada'), ...entry(eves, 'eve') }))
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

describe('a private function', () => {
  test('is open to a token of its tenant, and does not see it', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const answer = await ask({ port: world.port, headers: { authorization: `${scheme} ${adas}` } })
      expect(answer.status).toBe(200)
      expect(answer.body).not.toContain(adas)
      expect(JSON.parse(answer.body).names).not.toContain('authorization')
    }
  })

  test('sees no second Authorization either', async () => {
    const head = `GET /hello HTTP/1.1\r\nHost: ada.fn.localhost\r\nConnection: close\r\n`
    const { text } = await exchangeRaw(
      world.port,
      `${head}Authorization: Bearer ${adas}\r\nauthorization: Basic abc\r\n\r\n`,
    )
    expect(text).toContain('200 OK')
    expect(text).not.toContain('"authorization"')
  })

  test('is closed without a token, and says how to bring one', async () => {
    const answer = await call(undefined)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="pushfn"')
    expect(answer.headers['content-type']).toBe('application/problem+json')
    const seen = hello.seen.length
    await call(undefined)
    expect(hello.seen.length).toBe(seen)
  })

  test.each([
    ['a token that nobody made', aToken()],
    ['what is no token', 'nonsense'],
    ['the hash of one', tokenKey(tokenHash(adas))],
    ['one cut short', adas.slice(0, -1)],
  ])('is closed to %s', async (_, token) => {
    const answer = await call(token)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
    expect(answer.body).not.toContain(token)
  })

  test('is closed to a token by any other way', async () => {
    expect((await ask({ port: world.port, headers: { authorization: `Basic ${btoa(`git:${adas}`)}` } })).status).toBe(
      401,
    )
    expect((await call(undefined, { path: `/hello?access_token=${adas}` })).status).toBe(401)
    expect((await ask({ port: world.port, headers: { authorization: `Bearer ${adas} ${adas}` } })).status).toBe(401)
  })

  test('is closed to another tenant’s token, which opens that tenant’s own', async () => {
    expect((await call(eves)).status).toBe(403)
    expect((await call(eves, { host: 'eve.fn.localhost' })).status).toBe(200)
    expect((await call(adas, { host: 'eve.fn.localhost' })).status).toBe(403)
  })

  test('spends nothing of its limits on callers that it does not let in', async () => {
    for (let n = 0; n < 5; n += 1) expect((await call(eves, { path: '/limited' })).status).toBe(403)
    expect((await call(adas, { path: '/limited' })).status).toBe(200)
    expect((await call(adas, { path: '/limited' })).status).toBe(200)
    expect((await call(adas, { path: '/limited' })).status).toBe(429)
  })
})

test('an open function gets the Authorization that was sent', async () => {
  const answer = await call(adas, { path: '/open' })
  expect(JSON.parse(answer.body).headers.authorization).toBe(`Bearer ${adas}`)
})

describe('tokens that change', () => {
  test('a new one opens at once, though it was tried before; a revoked one is forgotten at once', async () => {
    const token = aToken()
    expect((await call(token)).status).toBe(401)
    await publish(entry(token, 'ada'))
    await until(async () => (await call(token)).status === 200, 'the new token opens')
    await revoke(token)
    await until(async () => (await call(token)).status === 401, 'the revoked token opens no more')
    expect((await call(adas)).status).toBe(200)
  })

  test('one that has expired opens no more, though nobody says so', async () => {
    const token = aToken()
    await publish(entry(token, 'ada', Date.now() + 1_500))
    expect((await call(token)).status).toBe(200)
    await until(async () => (await call(token)).status === 401, 'the token has expired')
  })

  test('a flood of made-up tokens keeps nobody out', async () => {
    const flood = Promise.all(Array.from({ length: 500 }, () => call(aToken())))
    expect((await call(adas)).status).toBe(200)
    for (const { status } of await flood) expect([401, 503]).toContain(status)
    expect((await call(adas)).status).toBe(200)
  })
})

describe('Redis away', () => {
  test('remembered tokens go on, unknown ones cannot be told; a revocation that was missed counts when it is back', async () => {
    const port = await findFreePort()
    let own = await startRedis(port)
    const routes = [aRoute({ addresses: [hello.address], auth: 'token' })]
    await using alone = await startWorld({}, { redisUrl: own.url, routes })
    const ownKeys = tokenKeys(alone.keys.table.replace(/:routes$/, ''))
    const bear = (token: string) => ask({ port: alone.port, headers: { authorization: `Bearer ${token}` } })
    // Not yet written is not empty.
    expect((await bear(adas)).status).toBe(503)
    const stranger = aToken()
    await syncPublished(alone.redis, ownKeys, async () => entry(adas, 'ada'))
    expect((await bear(adas)).status).toBe(200)
    await own[Symbol.asyncDispose]()
    await sleep(100)
    for (let n = 0; n < 5; n += 1) expect((await bear(adas)).status).toBe(200)
    const unknown = await bear(stranger)
    expect([unknown.status, unknown.headers['retry-after']]).toEqual([503, '1'])
    own = await startRedis(port)
    // Wiped: nothing is known anew, what is remembered goes on.
    await until(async () => (await alone.redis.ping()) === 'PONG', 'Redis is back')
    expect((await bear(adas)).status).toBe(200)
    await syncPublished(alone.redis, ownKeys, async () => entry(stranger, 'ada'))
    await until(async () => (await bear(adas)).status === 401, 'the revocation counts')
    await until(async () => (await bear(stranger)).status === 200, 'the new one is known')
    await own[Symbol.asyncDispose]()
  })
})

describe('the published table', () => {
  test('does not go back over what was changed while the database was read', async () => {
    const token = aToken()
    // As the controller would that has read a token of which nobody was told yet, before it was revoked.
    await syncPublished(world.redis, keys(), async () => {
      await revoke(token)
      return { ...entry(adas, 'ada'), ...entry(eves, 'eve'), ...entry(token, 'ada') }
    })
    expect(await world.redis.hexists(keys().table, tokenKey(tokenHash(token)))).toBe(0)
    await syncPublished(world.redis, keys(), async () => ({ ...entry(adas, 'ada'), ...entry(eves, 'eve') }))
    expect((await call(token)).status).toBe(401)
  })
})
