import { randomUUID } from 'node:crypto'
import { routeKeys } from '@pushfn/model/route'
import { type Bus, openBus } from '@pushfn/store/bus'
import { type Gateways, watchGateways } from '@pushfn/store/gateways'
import { changeRoutes } from '@pushfn/store/route-store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testServers } from '../../support/servers.ts'

const cloud = `t${randomUUID().slice(0, 8)}`
const keys = routeKeys(cloud)
let bus: Bus
let gateways: Gateways
beforeAll(async () => {
  bus = openBus(testServers().redisUrl, () => undefined)
  gateways = await watchGateways(bus, cloud)
})
afterAll(async () => {
  gateways.close()
  await bus.redis.del(keys.heartbeats, keys.table, keys.version)
  await bus[Symbol.asyncDispose]()
})

const say = (message: object) => bus.publish(keys.gateways, JSON.stringify(message))

test('without any gateway nothing is waited for', async () => {
  expect(await gateways.drained('a', 5_000)).toBe(true)
})

test('a replica is drained when every gateway has said so', async () => {
  await bus.redis.zadd(keys.heartbeats, Date.now(), 'one', Date.now(), 'two')
  const drained = gateways.drained('a', 5_000)
  await say({ kind: 'drained', gateway: 'one', endpoint: 'a' })
  expect(await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))])).toBe('waits')
  await say({ kind: 'drained', gateway: 'two', endpoint: 'a' })
  expect(await drained).toBe(true)
})

test('a gateway that was alive a moment ago is waited for although Redis was wiped', async () => {
  await bus.redis.zadd(keys.heartbeats, Date.now(), 'one')
  await gateways.applied(0, 100)
  await bus.redis.del(keys.heartbeats)
  expect(await gateways.drained('b', 300)).toBe(false)
})

test('a table that Redis lost goes on above every version that gateways may have', async () => {
  const before = await changeRoutes(bus.redis, cloud, { remove: ['a/b'] })
  expect(await changeRoutes(bus.redis, cloud, { remove: ['a/b'] })).toBe(before + 1)
  await bus.redis.del(keys.version, keys.table)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(await changeRoutes(bus.redis, cloud, { remove: ['a/b'] })).toBeGreaterThan(before + 1)
})

test('what was said before a wait began does not count for it', async () => {
  await bus.redis.zadd(keys.heartbeats, Date.now(), 'one', Date.now(), 'two')
  const first = gateways.drained('c', 400)
  await say({ kind: 'drained', gateway: 'one', endpoint: 'c' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const second = gateways.drained('c', 500)
  await say({ kind: 'drained', gateway: 'two', endpoint: 'c' })
  expect(await first).toBe(true)
  expect(await second).toBe(false)
})

test('who holds calls of a sleeping function is heard, and who is alive can be asked', async () => {
  const woken: string[] = []
  gateways.onWake((of) => woken.push(`${of.host}/${of.function}`))
  await say({ kind: 'wake', gateway: 'one', host: 'ada', function: 'hello' })
  await expect.poll(() => woken).toEqual(['ada/hello'])
  expect(await gateways.alive()).toContain('one')
})
