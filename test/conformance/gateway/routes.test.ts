import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask } from './support/raw-client.ts'
import { startRedis } from './support/redis-server.ts'
import { type GatewayWorld, hasApplied, hasDrained, startWorld, stop, until, write } from './support/world.ts'

/** How the gateway follows what the controller publishes. */
let one: AFunction
let two: AFunction
const isServed = (world: GatewayWorld, path: string) => async () =>
  (await ask({ port: world.port, path })).status === 200

beforeAll(async () => {
  one = await aFunction()
  two = await aFunction()
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
})

describe('changes', () => {
  test('a change is served by once it is said to be applied; other routes are left alone', async () => {
    await using world = await startWorld({}, { routes: [aRoute({ addresses: [one.address] })] })
    await world.publish({ put: [aRoute({ function: 'second', addresses: [two.address] })] })
    expect(await isServed(world, '/second')()).toBe(true)
    await world.publish({ put: [aRoute({ addresses: [two.address] })] })
    two.seen.length = 0
    await ask({ port: world.port, path: '/hello' })
    expect(two.seen).toHaveLength(1)
    await world.publish({ remove: ['ada/second'] })
    expect((await ask({ port: world.port, path: '/second' })).status).toBe(404)
    expect(await isServed(world, '/hello')()).toBe(true)
  })

  test('a missed change makes it read the whole table', async () => {
    await using world = await startWorld({}, { routes: [aRoute({ addresses: [one.address] })] })
    const missed = aRoute({ function: 'missed', addresses: [one.address] })
    await write(world.redis, world.keys, { version: 2, put: [missed], remove: [] })
    await world.publish({ put: [aRoute({ function: 'third', addresses: [one.address] })] })
    expect(await isServed(world, '/missed')()).toBe(true)
    expect(await isServed(world, '/third')()).toBe(true)
  })

  test('a change of which nobody tells is found by the heart beat', async () => {
    await using world = await startWorld()
    const untold = aRoute({ function: 'untold', addresses: [one.address] })
    await write(world.redis, world.keys, { version: 2, put: [untold], remove: [] })
    await until(() => hasApplied(world.messages, 2), 'the gateway saw that it is behind')
    expect(await isServed(world, '/untold')()).toBe(true)
  })

  test('an entry that cannot be used is skipped, and the rest served', async () => {
    await using world = await startWorld({}, { routes: [aRoute({ addresses: [one.address] })] })
    await world.redis.hset(world.keys.table, {
      'ada/broken': '{',
      'ada/liar': JSON.stringify(aRoute({ tenant: 'eve', addresses: [one.address] })),
      'ada/metadata': JSON.stringify(aRoute({ function: 'metadata', addresses: ['metadata.internal:80'] })),
    })
    await world.redis.set(world.keys.version, 5)
    await world.redis.publish(world.keys.changes, JSON.stringify({ version: 5 }))
    await world.redis.publish(world.keys.changes, 'no json')
    await until(() => hasApplied(world.messages, 5), 'the gateway read the table')
    expect(await isServed(world, '/hello')()).toBe(true)
    for (const path of ['/broken', '/liar', '/metadata']) {
      expect((await ask({ port: world.port, path })).status).toBe(404)
    }
    expect((await ask({ port: world.port, host: 'eve.fn.localhost' })).status).toBe(404)
  })
})

describe('drained endpoints', () => {
  test('an unused endpoint is drained at once, a used one after its last call, a shared one never', async () => {
    let finish: (() => void) | undefined
    await using slow = await aFunction((_, res) => {
      finish = () => res.end('late')
    })
    const live = aRoute({ function: 'slow', addresses: [slow.address] })
    const preview = { ...live, host: 'pr-1-shop--ada' }
    await using world = await startWorld({}, { routes: [live, preview, aRoute({ addresses: [one.address] })] })
    await world.publish({ remove: ['ada/hello'] })
    await until(() => hasDrained(world.messages, 'hello-0'), 'the unused endpoint is drained')
    const call = ask({ port: world.port, path: '/slow' })
    await until(() => finish !== undefined, 'the call is at the function')
    await world.publish({ remove: ['ada/slow'] })
    await world.publish({ remove: ['pr-1-shop--ada/slow'] })
    await sleep(100)
    expect(hasDrained(world.messages, 'slow-0')).toBe(false)
    finish?.()
    expect((await call).body).toBe('late')
    await until(() => hasDrained(world.messages, 'slow-0'), 'the endpoint is drained after its last call')
  })

  test('an endpoint that another route still has is not drained', async () => {
    const live = aRoute({ addresses: [one.address] })
    await using world = await startWorld({}, { routes: [live, { ...live, host: '1a2b3c4d--ada' }] })
    await world.publish({ remove: ['ada/hello'] })
    await sleep(100)
    expect(hasDrained(world.messages, 'hello-0')).toBe(false)
    await world.publish({ remove: ['1a2b3c4d--ada/hello'] })
    await until(() => hasDrained(world.messages, 'hello-0'), 'the last route is gone')
  })
})

describe('Redis away', () => {
  test('the gateway serves on, tells nothing is wrong, and catches up when Redis is back', async () => {
    const port = await findFreePort()
    let redis = await startRedis(port)
    await using world = await startWorld({}, { redisUrl: redis.url, routes: [aRoute({ addresses: [one.address] })] })
    await redis[Symbol.asyncDispose]()
    for (let i = 0; i < 20; i += 1) {
      expect((await ask({ port: world.port, path: '/hello' })).status).toBe(200)
      await sleep(20)
    }
    expect((await fetch(`http://127.0.0.1:${world.adminPort}/readyz`)).status).toBe(200)
    // Back, but empty: what is known is better than nothing.
    redis = await startRedis(port)
    await sleep(1_500)
    expect(await isServed(world, '/hello')()).toBe(true)
    world.messages.length = 0
    const rebuilt = [aRoute({ addresses: [two.address] }), aRoute({ function: 'fresh', addresses: [one.address] })]
    await write(world.redis, world.keys, { version: 1, put: rebuilt, remove: [] })
    await world.redis.publish(world.keys.changes, JSON.stringify({ version: 7, put: [] }))
    await until(isServed(world, '/fresh'), 'the rebuilt table is served')
    await world.publish({ put: [aRoute({ function: 'later', addresses: [one.address] })] })
    expect(await isServed(world, '/later')()).toBe(true)
    await redis[Symbol.asyncDispose]()
  })

  test('a gateway that has no Redis yet is not ready, and says the console’s host is served', async () => {
    const port = await findFreePort()
    const redis = await startRedis(port)
    await using world = await startWorld({ API_URL: `http://${one.address}` }, { redisUrl: redis.url })
    expect((await ask({ port: world.port, host: 'console.localhost', path: '/api/v1' })).status).toBe(200)
    await redis[Symbol.asyncDispose]()
  })
})

describe('the list of gateways', () => {
  test('a running gateway is heard, a stopped one is off the list', async () => {
    await using world = await startWorld()
    await until(async () => (await world.redis.zcard(world.keys.heartbeats)) === 1, 'the gateway is on the list')
    const [gateway = ''] = await world.redis.zrange(world.keys.heartbeats, '0', '-1')
    const heard = await world.redis.zscore(world.keys.heartbeats, gateway)
    expect(Math.abs(Date.now() - Number(heard))).toBeLessThan(60_000)
    await stop(world.child)
    expect(await world.redis.zcard(world.keys.heartbeats)).toBe(0)
  })
})
