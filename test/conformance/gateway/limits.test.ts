import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import { RateLimits } from '@pushfn/model/access-policy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { type Answer, ask, openSocket } from './support/raw-client.ts'
import { startRedis } from './support/redis-server.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** How much may be asked of a function, over all gateways together. */
let world: GatewayWorld
let second: Awaited<ReturnType<GatewayWorld['startAnother']>>
let quick: AFunction
/** Answers when it is told to. */
let slow: AFunction
let waiting: ServerResponse[] = []

const limits = (some: Partial<RateLimits>): RateLimits => RateLimits.parse(some)
const statuses = (answers: readonly Answer[]): Record<number, number> => {
  const counted: Record<number, number> = {}
  for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1
  return counted
}
const times = <T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))
const key = (name: string, of = world): string => of.keys.table.replace(/routes$/, `limits:${name}`)
const ofEve = 'eve.fn.localhost'
const finishAll = () => {
  for (const res of waiting) res.end('done')
  waiting = []
}

beforeAll(async () => {
  quick = await aFunction()
  slow = await aFunction((req, res) => {
    req.resume()
    waiting.push(res)
    res.on('close', () => {
      waiting = waiting.filter((one) => one !== res)
    })
  })
  const rate = (burst: number) => limits({ requestsPerSecond: 0.01, burst })
  const once = (name: string, policy: object) => aRoute({ function: name, addresses: [quick.address], ...policy })
  const held = (name: string, policy: object) => aRoute({ function: name, addresses: [slow.address], ...policy })
  world = await startWorld(
    {},
    {
      routes: [
        once('hello', {}),
        once('burst', { limits: rate(20) }),
        once('shared', { limits: rate(40) }),
        once('told', { limits: rate(3) }),
        once('fast', { limits: limits({ requestsPerSecond: 2_000, burst: 2_000 }) }),
        once('taxed-a', { limits: rate(30), tenantLimits: rate(8) }),
        once('taxed-b', { limits: rate(30), tenantLimits: rate(8) }),
        aRoute({ tenant: 'eve', function: 'burst', addresses: [quick.address], limits: rate(20) }),
        aRoute({ tenant: 'eve', function: 'taxed-a', addresses: [quick.address], tenantLimits: rate(8) }),
        held('at-once', { limits: limits({ concurrentRequests: 6 }) }),
        held('upgraded', { limits: limits({ concurrentRequests: 1 }) }),
        once('small', { maxHeaderBytes: 400, maxBodyBytes: 100 }),
      ],
    },
  )
  second = await world.startAnother()
})
afterAll(async () => {
  finishAll()
  await second[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  for (const one of [quick, slow]) await one[Symbol.asyncDispose]()
})

describe('requests a second', () => {
  test('so many pass as the bucket holds, and another tenant’s function of the same name has its own', async () => {
    const answers = await times(50, () => ask({ port: world.port, path: '/burst' }))
    expect(statuses(answers)).toEqual({ 200: 20, 429: 30 })
    expect(statuses(await times(20, () => ask({ port: world.port, path: '/burst', host: ofEve })))).toEqual({ 200: 20 })
  })

  test('two gateways together give away what one bucket holds', async () => {
    const answers = await times(120, (n) => ask({ port: n % 2 ? world.port : second.port, path: '/shared' }))
    expect(statuses(answers)).toEqual({ 200: 40, 429: 80 })
  })

  test('a tenant’s limit counts all its functions, says whose it is, and costs the function nothing', async () => {
    const answers = await times(20, (n) => ask({ port: world.port, path: n % 2 ? '/taxed-a' : '/taxed-b' }))
    expect(statuses(answers)).toEqual({ 200: 8, 429: 12 })
    const refused = answers.find(({ status }) => status === 429)
    expect(JSON.parse(refused?.body ?? '').detail).toContain('All functions of this tenant together')
    // Eve's is her own.
    expect((await ask({ port: world.port, path: '/taxed-a', host: ofEve })).status).toBe(200)
    // 30 were in each bucket; only those that passed took of it.
    expect(refused?.headers.ratelimit).toMatch(/"function";r=2\d;t=\d+, "tenant";r=0;t=\d+/)
  })

  test('answers say what the limit is and what is left; a refusal says when to come again', async () => {
    const first = await ask({ port: world.port, path: '/told' })
    expect(first.headers['ratelimit-policy']).toBe('"function";q=3;w=300')
    expect(first.headers.ratelimit).toBe('"function";r=2;t=100')
    await times(2, () => ask({ port: world.port, path: '/told' }))
    const refused = await ask({ port: world.port, path: '/told' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(100)
    expect(refused.headers['content-type']).toBe('application/problem+json')
    expect(refused.headers.ratelimit).toBe('"function";r=0;t=300')
    expect(JSON.parse(refused.body)).toMatchObject({ status: 429, title: 'Too many requests', function: 'told.ada' })
  })

  test('a function without a limit is told nothing of any', async () => {
    const { headers } = await ask({ port: world.port, path: '/hello' })
    expect(headers.ratelimit).toBeUndefined()
    expect(headers['ratelimit-policy']).toBeUndefined()
  })

  test('a limit that nobody comes near refuses nobody', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await times(40, (n) => ask({ port: n % 2 ? world.port : second.port, path: '/fast' }))
      expect(statuses(answers)).toEqual({ 200: 40 })
    }
  })

  test('refused calls are counted, but are no work of the function', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()
    expect(metrics).toContain(
      'gateway_function_invocation_total{function_name="burst.ada",code="429",app="gateway"} 30',
    )
    expect(metrics).toContain('gateway_function_invocation_started{function_name="burst.ada",app="gateway"} 20')
  })
})

describe('requests at once', () => {
  test('two gateways together let in as many as the limit, and others when those have ended', async () => {
    const calls = times(20, (n) => ask({ port: n % 2 ? world.port : second.port, path: '/at-once' }))
    await until(() => waiting.length === 6, 'six are at the function')
    await sleep(200)
    expect(waiting).toHaveLength(6)
    finishAll()
    const answers = await calls
    expect(statuses(answers)).toEqual({ 200: 6, 429: 14 })
    const refused = answers.find(({ status }) => status === 429)
    expect(JSON.parse(refused?.body ?? '').title).toBe('Too many requests at once')
    expect(refused?.headers['ratelimit-policy']).toBe('"function-concurrency";q=6;qu="concurrent-requests"')
    // What one gateway has held is the other's in a moment.
    await until(async () => (await world.redis.exists(key('slots:fn:ada/at-once'))) === 0, 'all slots are given back')
    const again = times(6, () => ask({ port: second.port, path: '/at-once' }))
    await until(() => waiting.length === 6, 'the other gateway has all six slots')
    finishAll()
    expect(statuses(await again)).toEqual({ 200: 6 })
  })

  test('a caller that leaves, leaves its slot', async () => {
    const socket = await openSocket(world.port)
    socket.write('GET /upgraded HTTP/1.1\r\nHost: ada.fn.localhost\r\n\r\n')
    await until(() => waiting.length === 1, 'the call is at the function')
    expect((await ask({ port: world.port, path: '/upgraded' })).status).toBe(429)
    socket.destroy()
    await until(() => waiting.length === 0, 'the function sees it go')
    const next = ask({ port: world.port, path: '/upgraded' })
    await until(() => waiting.length === 1, 'the slot is free again')
    finishAll()
    expect((await next).status).toBe(200)
  })

  test('calls that were sent ahead on one connection leave their slots with it', async () => {
    await until(async () => (await world.redis.exists(key('slots:fn:ada/upgraded'))) === 0, 'the slot is given back')
    const socket = await openSocket(world.port)
    socket.write('GET /upgraded HTTP/1.1\r\nHost: ada.fn.localhost\r\n\r\n'.repeat(5))
    await until(() => waiting.length === 1, 'one is at the function, the others were refused')
    const closed = once(socket, 'close')
    socket.destroy()
    await closed
    await until(() => waiting.length === 0, 'the function sees it go')
    const next = ask({ port: world.port, path: '/upgraded' })
    await until(() => waiting.length === 1, 'the slot is free again')
    finishAll()
    expect((await next).status).toBe(200)
  })
})

describe('sizes', () => {
  test('headers and bodies past the function’s own limits are refused, with its name', async () => {
    expect((await ask({ port: world.port, path: '/small' })).status).toBe(200)
    const large = await ask({ port: world.port, path: '/small', headers: { 'x-large': 'x'.repeat(400) } })
    expect([large.status, JSON.parse(large.body).function]).toEqual([431, 'small.ada'])
    const body = await ask({ port: world.port, path: '/small', method: 'POST', body: 'x'.repeat(101) })
    expect([body.status, JSON.parse(body.body).function]).toEqual([413, 'small.ada'])
    expect((await ask({ port: world.port, path: '/hello', headers: { 'x-large': 'x'.repeat(400) } })).status).toBe(200)
  })
})

describe('Redis away', () => {
  test('each gateway keeps its share, and the sum again when Redis is back', async () => {
    const port = await findFreePort()
    let redis = await startRedis(port)
    const policy = { limits: limits({ requestsPerSecond: 0.01, burst: 40, concurrentRequests: 30 }) }
    await using own = await startWorld(
      {},
      { redisUrl: redis.url, routes: [aRoute({ addresses: [quick.address], ...policy })] },
    )
    await using other = await own.startAnother()
    const count = async () => Number(await own.redis.zcard(key('gateways', own)))
    await until(async () => (await count()) === 2, 'both gateways are known')
    // Until each has counted the other: they tell every few seconds.
    await sleep(3_200)
    await redis[Symbol.asyncDispose]()
    await sleep(200)
    const [one, two] = [[], []] as [Answer[], Answer[]]
    for (let n = 0; n < 30; n += 1) {
      one.push(await ask({ port: own.port }))
      two.push(await ask({ port: other.port }))
    }
    expect([statuses(one), statuses(two)]).toEqual([
      { 200: 20, 429: 10 },
      { 200: 20, 429: 10 },
    ])
    redis = await startRedis(port)
    // An empty Redis has a full bucket.
    const isSharedAgain = async () => (await own.redis.hget(key('rate:fn:ada/hello', own), 'tokens')) !== null
    await until(async () => {
      await ask({ port: own.port })
      return isSharedAgain()
    }, 'the bucket is Redis’ again')
    await redis[Symbol.asyncDispose]()
  })
})
