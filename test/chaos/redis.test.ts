import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { type Load, startLoad } from './support/load.ts'
import { type OwnServer, ownRedis } from './support/own-servers.ts'
import { aGithubProject, type Project } from './support/project.ts'

/** Redis wiped, cut off, and away: pushes wait, callers do not notice, and nothing has to be restarted by hand. */
let server: OwnServer
let redis: Redis
let world: World
let ledger: Ledger
let warm: Project
let load: Load
beforeAll(async () => {
  server = await ownRedis()
  redis = new Redis(server.url, { retryStrategy: () => 200, maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  world = await startWorld({ redisUrl: server.url })
  ledger = openLedger(world)
  warm = await aGithubProject(world, 'warm')
  await ledger.untilState((await warm.push('warm')).sha, 'live')
  load = startLoad(warm.url, 50)
})
afterAll(async () => {
  redis.disconnect()
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const pushSome = async (name: string) => {
  const projects = await Promise.all([1, 2].map((n) => aGithubProject(world, `${name}-${n}`)))
  const pushed = await Promise.all(projects.map((project) => project.push(name)))
  return { projects, shas: pushed.map(({ sha }) => sha) }
}

const allLive = async ({ projects, shas }: Awaited<ReturnType<typeof pushSome>>, marker: string, limitMs: number) => {
  const since = Date.now()
  for (const sha of shas) await ledger.untilState(sha, 'live', limitMs)
  console.info(`${marker}: all live ${Date.now() - since} ms after`)
  await expect
    .poll(() => Promise.all(projects.map((project) => project.answer())), { timeout: 10_000 })
    .toEqual(projects.map(() => marker))
}

test('FLUSHALL in the midst of builds loses none of them', async () => {
  const some = await pushSome('flushed')
  await redis.flushall()
  await allLive(some, 'flushed', 30_000)
})

test('the routes are there again soon after they were wiped', async () => {
  await redis.flushall()
  await expect.poll(() => redis.hlen(`${world.cloud}:routes`).catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(0)
})

test('a rollout right after a wipe fails no request', async () => {
  await redis.flushall()
  const { sha } = await warm.push('wiped')
  await ledger.untilState(sha, 'live', 30_000)
  await expect.poll(() => warm.answer(), { timeout: 10_000 }).toBe('wiped')
})

test('with all its connections cut workers go on', async () => {
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await allLive(await pushSome('cut'), 'cut', 30_000)
})

test('ten seconds away, and empty when it is back, it delays pushes and loses none', async () => {
  await server.crash()
  const some = await pushSome('away')
  await world.github.settled()
  expect(
    world.github.webhooks.deliveries.slice(-4).flatMap(({ attempts }) => attempts.map(({ status }) => status)),
  ).toEqual([202, 202, 202, 202])
  const rollout = await warm.push('rolled-while-away')
  await sleep(10_000)
  await server.start()
  await allLive(some, 'away', 30_000)
  await ledger.untilState(rollout.sha, 'live', 30_000)
  await allLive(await pushSome('after'), 'after', 15_000)
  expect(await warm.answer()).toBe('rolled-while-away')
})

test('it is gone while a function is rolled out: the old one is kept until callers know of the new one', async () => {
  const watch = ledger.db.revision
  const { sha } = await warm.push('midway')
  await expect.poll(() => watch.count({ where: { sha } }), { timeout: 20_000, interval: 5 }).toBe(1)
  await server.crash()
  await sleep(8_000)
  await server.start()
  await ledger.untilState(sha, 'live', 40_000)
  await expect.poll(() => warm.answer(), { timeout: 10_000 }).toBe('midway')
})

test('all the while no request to the warm function failed', async () => {
  const figures = await load.stop()
  console.info('load over all of it:', JSON.stringify({ ...figures, failures: figures.failures.length }))
  expect(figures.failures).toEqual([])
  expect((await localFetch(warm.url)).status).toBe(200)
})
