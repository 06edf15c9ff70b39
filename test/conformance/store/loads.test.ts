import { randomUUID } from 'node:crypto'
import { type LoadReport, loadChannel } from '@pushfn/model/load'
import { type Bus, openBus } from '@pushfn/store/bus'
import { type Loads, watchLoads } from '@pushfn/store/loads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testServers } from '../../support/servers.ts'

let bus: Bus
let loads: Loads
let cloud: string
beforeEach(async () => {
  cloud = `t${randomUUID().slice(0, 8)}`
  bus = openBus(testServers().redisUrl, () => undefined)
  loads = await watchLoads(bus, cloud)
})
afterEach(async () => {
  loads.close()
  await bus[Symbol.asyncDispose]()
})

const idle = { concurrency: 0, calls: 0, held: 0, queued: 0 }
const report = (gateway: string, functions: Record<string, Partial<LoadReport['functions'][string]>>, ms = 1_000) => {
  const full = Object.fromEntries(Object.entries(functions).map(([key, load]) => [key, { ...idle, ...load }]))
  return send({ gateway, intervalMs: ms, isUrgent: false, functions: full })
}
const send = (message: LoadReport) => {
  return bus.publish(loadChannel(cloud), JSON.stringify(message))
}
/** What is known once a report of this function has come. */
const heard = async (gateways: string[], key: string) => {
  await expect.poll(() => loads.take(gateways)?.get(key), { interval: 5 }).toBeDefined()
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 50))

test('what several gateways have under way adds up, a queue that all of them see does not', async () => {
  await report('one', { 'a/f': { concurrency: 3, calls: 6, held: 1, queued: 40 } })
  await report('two', { 'a/f': { concurrency: 2, calls: 4, held: 2, queued: 41 } }, 2_000)
  await settled()
  expect(loads.take(['one', 'two'])?.get('a/f')).toEqual({ concurrency: 5, callsPerSecond: 8, held: 3, queued: 41 })
})

test('reports of one stretch are weighed by their length', async () => {
  await report('one', { 'a/f': { concurrency: 0 } }, 900)
  await report('one', { 'a/f': { concurrency: 50, calls: 50 } }, 100)
  await settled()
  expect(loads.take(['one'])?.get('a/f')).toMatchObject({ concurrency: 5, callsPerSecond: 50 })
})

test('what was said last goes on until the next word, and then ends', async () => {
  await report('one', { 'a/f': { concurrency: 7 } })
  await heard(['one'], 'a/f')
  expect(loads.take(['one'])?.get('a/f')).toMatchObject({ concurrency: 7 })
  await report('one', {})
  await settled()
  loads.take(['one'])
  expect(loads.take(['one'])?.get('a/f')).toBeUndefined()
})

test('nothing is known while a living gateway is silent, while none is known, or nobody can tell', async () => {
  await report('one', { 'a/f': { concurrency: 1 } })
  await heard(['one'], 'a/f')
  expect(loads.take(['one', 'silent'])).toBeUndefined()
  expect(loads.take([])).toBeUndefined()
  expect(loads.take(undefined)).toBeUndefined()
  expect(loads.take(['one'])).toBeDefined()
})

test('a report out of turn is told at once', async () => {
  let told = 0
  loads.onHaste(() => told++)
  await send({ gateway: 'one', intervalMs: 40, isUrgent: true, functions: {} })
  await expect.poll(() => told).toBe(1)
  await report('one', { 'a/f': { held: 1 } })
  await settled()
  expect(told).toBe(1)
})
