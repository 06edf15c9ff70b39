import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { replicaSlotKeys } from '@pushfn/store/calls/replica-slots'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, aRoute } from './support/a-function.ts'
import { ask, HOST, openSocket } from './support/raw-client.ts'
import { startRedis } from './support/redis-server.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** `max-inflight`: how many calls a replica is ever given at once, over all gateways. */
let world: GatewayWorld
let other: Awaited<ReturnType<GatewayWorld['startAnother']>>
beforeAll(async () => {
  world = await startWorld()
  other = await world.startAnother()
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const hold = { calls: 1_000, ms: 60_000 }

/** A function that works for a while at each call, and knows how many it had at once. */
const aWorker = async (ms = 10) => {
  const seen = { now: 0, most: 0, served: 0 }
  const answered = (res: ServerResponse) => once(res, 'finish')
  const fn = await aFunction(async (req, res) => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    req.resume()
    await sleep(ms)
    seen.now -= 1
    seen.served += 1
    res.end('ok')
    await answered(res)
  })
  return Object.assign(fn, { load: seen })
}

const publish = async (name: string, addresses: string[], maxInflight: number | null, held = hold) => {
  const version = await world.publish({ put: [aRoute({ function: name, addresses, maxInflight, hold: held })] })
  const applied = () => world.messages.filter((said) => said.kind === 'applied' && said.version >= version)
  await until(() => new Set(applied().map(({ gateway }) => gateway)).size === 2, 'both gateways serve by it')
}

const both = () => [world.port, other.port] as const

test('with 1, two gateways never give a replica two calls at once, and lose none', async () => {
  await using fn = await aWorker()
  await publish('one', [fn.address], 1)
  const calls = Array.from({ length: 120 }, (_, n) =>
    ask({ port: both()[n % 2] ?? 0, path: '/one', method: n % 3 === 0 ? 'POST' : 'GET', body: n % 3 === 0 ? 'x' : '' }),
  )
  const statuses = (await Promise.all(calls)).map(({ status }) => status)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  expect(fn.load).toEqual({ now: 0, most: 1, served: 120 })
})

test('neither of two busy gateways starves the other', async () => {
  await using fn = await aWorker(5)
  await publish('fair', [fn.address], 1)
  const ended: number[] = []
  const calls = both().flatMap((port) =>
    Array.from({ length: 60 }, () =>
      ask({ port, path: '/fair' }).then(({ status }) => ended.push(status === 200 ? port : status)),
    ),
  )
  await Promise.all(calls)
  // In the first half of all answers each gateway has a good part.
  const half = ended.slice(0, 60)
  for (const port of both()) expect(half.filter((one) => one === port).length).toBeGreaterThan(15)
  expect(fn.load.most).toBe(1)
})

test('with more, and with several replicas, each is filled and none beyond its limit', async () => {
  await using one = await aWorker(20)
  await using two = await aWorker(20)
  await publish('many', [one.address, two.address], 3)
  const calls = Array.from({ length: 200 }, (_, n) => ask({ port: both()[n % 2] ?? 0, path: '/many' }))
  expect((await Promise.all(calls)).filter(({ status }) => status !== 200)).toEqual([])
  expect([one.load.most, two.load.most]).toEqual([3, 3])
  expect(one.load.served + two.load.served).toBe(200)
})

test('a call that comes while others wait does not overtake them', async () => {
  const order: string[] = []
  await using fn = await aFunction(async (req, res) => {
    order.push(req.url ?? '')
    await sleep(15)
    res.end('ok')
  })
  await publish('ordered', [fn.address], 1)
  const calls: Promise<unknown>[] = []
  for (let n = 0; n < 15; n += 1) {
    calls.push(ask({ port: world.port, path: `/ordered/${n}` }))
    await sleep(2)
  }
  await Promise.all(calls)
  expect(order).toEqual(calls.map((_, n) => `/${n}`))
})

describe('the queue behind the limit', () => {
  test('has a bound and a patience, and says that the function is busy', async () => {
    await using fn = await aFunction((req) => void req.resume())
    await publish('stuck', [fn.address], 1, { calls: 1, ms: 600 })
    const socket = await openSocket(world.port)
    socket.write(`GET /stuck HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    const waiting = (async () => {
      await sleep(100)
      return ask({ port: world.port, path: '/stuck' })
    })()
    await sleep(200)
    const refused = await ask({ port: world.port, path: '/stuck' })
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(refused.body).detail).toMatch(/1 wait for the function already/)
    const late = await waiting
    expect([late.status, JSON.parse(late.body).title]).toEqual([503, 'Function busy'])
    socket.destroy()
  })

  test('is left by a caller that goes, and a slot comes back when its caller does', async () => {
    await using fn = await aFunction((req, res) => void (req.url === '/quick' && res.end('ok')))
    await publish('leavers', [fn.address], 1)
    const [first, second] = [await openSocket(world.port), await openSocket(world.port)]
    for (const socket of [first, second]) socket.write(`GET /leavers/slow HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    const quick = ask({ port: other.port, path: '/leavers/quick' })
    await sleep(200)
    first.destroy()
    second.destroy()
    expect((await quick).status).toBe(200)
  })
})

test('a gateway that is alone asks Redis for nothing while it is busy, and gives back when it is idle', async () => {
  await using fn = await aWorker(1)
  await publish('alone', [fn.address], 2)
  const { held } = replicaSlotKeys(world.keys.table.replace(':routes', ''))
  await ask({ port: world.port, path: '/alone' })
  const asked = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await world.redis.info('commandstats'))?.[1] ?? 0)
  const before = await asked()
  for (let n = 0; n < 100; n += 1) await ask({ port: world.port, path: '/alone' })
  // Beats and renewals of two gateways, and nothing for each call.
  expect((await asked()) - before).toBeLessThan(30)
  await until(async () => (await world.redis.hlen(held('alone-0'))) === 0, 'what was held is given back')
})

test('a function without a limit is never asked for', async () => {
  await using fn = await aWorker(1)
  await publish('free', [fn.address], null)
  await Promise.all(Array.from({ length: 40 }, () => ask({ port: world.port, path: '/free' })))
  expect(fn.load.most).toBeGreaterThan(1)
  const { held } = replicaSlotKeys(world.keys.table.replace(':routes', ''))
  expect(await world.redis.exists(held('free-0'))).toBe(0)
})

test('while Redis is away each gateway has its share, and calls go on', async () => {
  const redis = await startRedis()
  await using own = await startWorld({}, { redisUrl: redis.url })
  await using fn = await aWorker(5)
  await own.publish({ put: [aRoute({ function: 'share', addresses: [fn.address], maxInflight: 2, hold })] })
  expect((await ask({ port: own.port, path: '/share' })).status).toBe(200)
  await redis[Symbol.asyncDispose]()
  const calls = await Promise.all(Array.from({ length: 20 }, () => ask({ port: own.port, path: '/share' })))
  expect(calls.filter(({ status }) => status !== 200)).toEqual([])
  expect(fn.load.most).toBeLessThanOrEqual(2)
})
