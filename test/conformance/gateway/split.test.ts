import { LoadReport, loadChannel } from '@pushfn/model/load'
import type { Route } from '@pushfn/model/route'
import { SplitLoads } from '@pushfn/store/split-loads'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AFunction, aFunction, aRawFunction, aRoute } from './support/a-function.ts'
import { ask } from './support/raw-client.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** Calls of one function that are split between live and a canary, at a gateway of two processes. */
const LIVE = 'ada/hello'
const HOST = 'canary--ada'
let world: GatewayWorld
let live: AFunction
let canary: AFunction
let listener: Redis
let splits: SplitLoads
/** Each test has a split of its own. */
let id = ''
let tests = 0

const answering = (text: string, status = 200) => aFunction((_, res) => res.writeHead(status).end(text))

beforeAll(async () => {
  live = await answering('live')
  canary = await answering('canary')
  world = await startWorld({ GATEWAY_PROCESSES: '2' })
  listener = world.redis.duplicate()
  splits = new SplitLoads()
  listener.on('message', (_channel, text) => splits.hear(LoadReport.parse(JSON.parse(text))))
  await listener.subscribe(loadChannel(world.keys.table.replace(':routes', '')))
})
afterAll(async () => {
  listener.disconnect()
  await world[Symbol.asyncDispose]()
  await live[Symbol.asyncDispose]()
  await canary[Symbol.asyncDispose]()
})
beforeEach(() => {
  tests += 1
  id = `c.${tests}`
})

const splitting = (weight: number, canaryAt: string[] = [canary.address], over: Partial<Route['policy']> = {}) =>
  world.publish({
    put: [
      { ...aRoute({ addresses: [live.address] }), split: { id, host: HOST, weight } },
      aRoute({ host: HOST, addresses: canaryAt, ...over }),
    ],
  })
const calls = async (count: number, method = 'GET') => {
  const answers: string[] = []
  for (let done = 0; done < count; done += 20) {
    const some = await Promise.all(Array.from({ length: 20 }, () => ask({ port: world.port, method })))
    answers.push(...some.map(({ status, body }) => (status === 200 ? body : `HTTP ${status}`)))
  }
  return answers
}
const untilCounted = (count: number) =>
  until(() => {
    const seen = splits.of(id)
    return seen !== undefined && seen.live.calls + seen.canary.calls === count
  }, `${count} calls are counted`)

test('each side has its part, by chance alone, and all processes together have counted each call once', async () => {
  await splitting(30)
  const answers = await calls(1_000)
  const tried = answers.filter((answer) => answer === 'canary').length
  expect(answers.filter((answer) => answer === 'live').length).toBe(1_000 - tried)
  // Five deviations: one run in two million is further off.
  expect(Math.abs(tried - 300)).toBeLessThan(5 * Math.sqrt(1_000 * 0.3 * 0.7))
  await untilCounted(1_000)
  expect(splits.of(id)).toMatchObject({ live: { errors: 0 }, canary: { calls: tried, errors: 0 } })
})

test('the canary’s own host is not split, nor counted', async () => {
  await splitting(1)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask({ port: world.port, host: `${HOST}.fn.localhost` })),
  )
  expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['canary']))
})

test('what the canary answers is its own, failures too', async () => {
  await using failing = await answering('no', 500)
  await splitting(50, [failing.address])
  const answers = await calls(100)
  const failed = answers.filter((answer) => answer === 'HTTP 500').length
  expect(failed).toBeGreaterThan(20)
  await untilCounted(100)
  expect(splits.of(id)).toMatchObject({ live: { errors: 0 }, canary: { calls: failed, errors: failed } })
})

test('a canary without a replica has no calls, and is woken; nobody waits for it', async () => {
  await splitting(99, [])
  expect(new Set(await calls(100))).toEqual(new Set(['live']))
  await until(() => world.messages.some((one) => one.kind === 'wake' && one.host === HOST), 'it is wanted')
  await untilCounted(100)
  expect(splits.of(id)?.canary.calls).toBe(0)
})

test('a canary without a route has no calls', async () => {
  await splitting(99)
  await world.publish({ remove: [`${HOST}/hello`] })
  expect(new Set(await calls(40))).toEqual(new Set(['live']))
})

test('a canary that nobody reaches fails no call: live answers, and it is the canary that is counted as failed', async () => {
  const gone = await answering('gone')
  await gone[Symbol.asyncDispose]()
  await splitting(50, [gone.address])
  expect(new Set(await calls(100, 'POST'))).toEqual(new Set(['live']))
  await untilCounted(100)
  const seen = splits.of(id)
  expect(seen?.canary.calls).toBeGreaterThan(0)
  expect(seen?.canary.errors).toBe(seen?.canary.calls)
  expect(seen?.live.errors).toBe(0)
})

test('a canary that drops a call loses none that may be sent again', async () => {
  const dropping = () => aRawFunction((socket) => socket.once('data', () => socket.destroy()))
  await using first = await dropping()
  await splitting(50, [first.address])
  expect(new Set(await calls(60))).toEqual(new Set(['live']))
  // Nobody knows what became of it there: it is not done twice.
  await using second = await dropping()
  await splitting(50, [second.address])
  expect(new Set(await calls(20, 'POST'))).toEqual(new Set(['live', 'HTTP 502']))
})

test('a full canary has no more calls than its places', async () => {
  const release: (() => void)[] = []
  await using busy = await aFunction((_, res) => void release.push(() => res.end('canary')))
  await splitting(99, [busy.address], { maxInflight: 1 })
  const answers = Promise.all(Array.from({ length: 40 }, () => ask({ port: world.port })))
  const early = setInterval(() => {
    for (const end of release.splice(0)) end()
  }, 300)
  const bodies = (await answers).map(({ status, body }) => `${status} ${body}`)
  clearInterval(early)
  expect(bodies.filter((body) => body === '200 live').length).toBeGreaterThanOrEqual(30)
  expect(bodies.filter((body) => !body.startsWith('200'))).toEqual([])
})

test('when the split ends, or the whole function goes, so do its calls', async () => {
  await splitting(99)
  await world.publish({ put: [aRoute({ addresses: [live.address] })] })
  expect(new Set(await calls(40))).toEqual(new Set(['live']))
  await splitting(99)
  await world.publish({ remove: [LIVE, `${HOST}/hello`] })
  expect(new Set(await calls(20))).toEqual(new Set(['HTTP 404']))
})
