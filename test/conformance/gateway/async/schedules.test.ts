import { setTimeout as sleep } from 'node:timers/promises'
import { laneName } from '@pushfn/store/calls/call-keys'
import { openSchedules, type Schedules } from '@pushfn/store/calls/schedules'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from '../support/a-function.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type GatewayWorld, startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS } from './support.ts'

/** Schedules as the controller sets them and two gateways run them. */
let redis: RedisServer
let world: GatewayWorld
let other: AsyncDisposable
let fn: AFunction
let schedules: Schedules

const clock = { tenant: 'ada', function: 'clock' }
const everySecond = { cron: '* * * * * *', timeZone: 'UTC' }

beforeAll(async () => {
  redis = await startRedis()
  fn = await aFunction()
  world = await startWorld(ASYNC_SETTINGS, {
    redisUrl: redis.url,
    routes: [aRoute({ function: 'clock', addresses: [fn.address] })],
  })
  other = await world.startAnother()
  schedules = openSchedules(world.redis, cloud(), () => undefined)
})
afterAll(async () => {
  await schedules[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await fn[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await schedules.sync([])
  await sleep(200)
  fn.seen.length = 0
})

const cloud = () => world.keys.table.split(':')[0] ?? ''
const ticks = () => fn.seen.map((seen) => seen.headers['x-pushfn-tick'])

test('a tick is one call, though two gateways run and the controller looks again and again', async () => {
  await schedules.put(clock, everySecond)
  const looking = setInterval(() => void schedules.sync([{ ...clock, schedule: everySecond }]), 50)
  await until(() => fn.seen.length >= 4, 'it ticked four times')
  clearInterval(looking)
  expect(new Set(ticks()).size).toBe(fn.seen.length)
  expect(fn.seen[0]).toMatchObject({
    method: 'POST',
    url: '/',
    headers: { 'x-topic': 'cron-function', host: 'ada.fn.localhost:8080' },
  })
})

test('a tick that is taken twice, since whoever took it died, is one call', async () => {
  await schedules.put(clock, everySecond)
  await until(() => fn.seen.length >= 1, 'it ticked')
  await schedules.put(clock, null)
  await sleep(300)
  const before = ticks()
  const connection = world.redis.duplicate()
  const queue = new Queue('schedules', { connection, prefix: `${cloud()}:queue` })
  const id = laneName({ ...clock, kind: 'calls' })
  const at = Date.parse(before.at(-1) ?? '')
  await queue.add('tick', {}, { jobId: `repeat:${id}:${at}`, removeOnComplete: true })
  await until(async () => (await queue.getJob(`repeat:${id}:${at}`)) === undefined, 'it was taken again')
  await sleep(500)
  expect(ticks()).toEqual(before)
  await queue.close()
  connection.disconnect()
})

test('it says when it ran last, how that ended, and when it runs next', async () => {
  expect(await schedules.runs(clock)).toEqual({ last: null, nextAt: null })
  await schedules.put(clock, everySecond)
  await until(async () => (await schedules.runs(clock)).last !== null, 'a run was written down')
  const { last, nextAt } = await schedules.runs(clock)
  expect(last?.status).toBe(200)
  expect(nextAt).toBeGreaterThan(last?.at ?? Number.POSITIVE_INFINITY)
})

test('a schedule that is gone ticks no more', async () => {
  await schedules.put(clock, everySecond)
  await until(() => fn.seen.length >= 1, 'it ticked')
  await schedules.put(clock, null)
  await sleep(300)
  const after = fn.seen.length
  await sleep(2_500)
  expect(fn.seen.length).toBe(after)
  expect(await schedules.runs(clock)).toEqual({ last: null, nextAt: null })
})

test('another schedule takes the place of the one before', async () => {
  await schedules.put(clock, everySecond)
  await schedules.put(clock, { cron: '0 0 29 2 *', timeZone: 'Europe/Berlin' })
  const { nextAt } = await schedules.runs(clock)
  expect(new Date(nextAt ?? 0).toISOString()).toMatch(/^20\d\d-02-28T23:00:00/)
  await sleep(300)
  const after = fn.seen.length
  await sleep(1_500)
  expect(fn.seen.length).toBe(after)
})

test('a scheduler that Redis has lost is made anew', async () => {
  await schedules.put(clock, everySecond)
  const keys = await world.redis.keys('*:queue:schedules:*')
  await world.redis.del(...keys)
  await schedules.sync([{ ...clock, schedule: everySecond }])
  await until(() => fn.seen.length >= 2, 'it ticks again')
})
