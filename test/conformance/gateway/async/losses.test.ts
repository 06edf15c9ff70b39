import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from '../support/a-function.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS, accepted, post, untilState } from './support.ts'

/** What becomes of accepted calls when processes die, and of callers while Redis is away. */
let fn: AFunction
let held: { id: string; attempt: string; res: ServerResponse }[]

beforeEach(async () => {
  held = []
  fn = await aFunction((req, res) => {
    req.resume()
    held.push({ id: String(req.headers['x-call-id']), attempt: String(req.headers['x-pushfn-try']), res })
  })
})
afterEach(() => fn[Symbol.asyncDispose]())

const route = () => aRoute({ function: 'slow', addresses: [fn.address], responseTimeoutMs: 60_000 })

const answerAll = () => {
  for (const { res } of held) if (!res.writableEnded) res.end('done')
}

test('a call whose gateway is killed is run again by another', { timeout: 90_000 }, async () => {
  await using redis = await startRedis()
  await using first = await startWorld(ASYNC_SETTINGS, { redisUrl: redis.url, routes: [route()] })
  const id = await accepted(first, 'slow')
  await until(() => held.length === 1, 'the function has the call')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await using second = await first.startAnother()
  const deadline = Date.now() + 60_000
  while (held.length < 2 && Date.now() < deadline) await sleep(100)
  expect(held.map((one) => [one.id, one.attempt])).toEqual([
    [id, '1'],
    [id, '2'],
  ])
  answerAll()
  expect(await untilState(second, 'slow', id, ['done'])).toMatchObject({ tries: 2, result: { status: 200 } })
})

test('a gateway that is asked to stop ends its calls first, and gives back what does not end', async () => {
  await using redis = await startRedis()
  const settings = { ...ASYNC_SETTINGS, GATEWAY_STOP_TIMEOUT_MS: '1500' }
  await using first = await startWorld(settings, { redisUrl: redis.url, routes: [route()] })
  const id = await accepted(first, 'slow')
  const other = await accepted(first, 'slow')
  await until(() => held.length === 2, 'the function has both')
  first.child.kill('SIGTERM')
  setTimeout(() => held.find((one) => one.id === id)?.res.end('done'), 300)
  await once(first.child, 'exit')
  await using second = await first.startAnother()
  await until(() => held.length === 3, 'the other is run again')
  expect(held[2]).toMatchObject({ id: other, attempt: '2' })
  answerAll()
  await untilState(second, 'slow', other, ['done'])
  expect(await untilState(second, 'slow', id, ['done'])).toMatchObject({ tries: 1 })
})

test('a call that takes longer than a lock lasts is run once, though another gateway looks for lost ones', {
  timeout: 90_000,
}, async () => {
  await using redis = await startRedis()
  await using first = await startWorld(ASYNC_SETTINGS, { redisUrl: redis.url, routes: [route()] })
  await using _ = await first.startAnother()
  const id = await accepted(first, 'slow')
  await until(() => held.length === 1, 'the function has the call')
  // Longer than a lock and the pause between two looks for lost ones together.
  await sleep(22_000)
  expect(held).toHaveLength(1)
  answerAll()
  expect(await untilState(first, 'slow', id, ['done'])).toMatchObject({ tries: 1, result: { status: 200 } })
})

test('without Redis calls are refused, and with it back they are taken and run', { timeout: 60_000 }, async () => {
  let redis: RedisServer = await startRedis()
  await using world = await startWorld(ASYNC_SETTINGS, { redisUrl: redis.url, routes: [route()] })
  await redis[Symbol.asyncDispose]()
  const refused = await post(world, 'slow')
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
  redis = await startRedis(redis.port)
  await using _ = redis
  let id = ''
  await until(async () => {
    const answer = await post(world, 'slow')
    id = String(answer.headers['x-call-id'])
    return answer.status === 202
  }, 'a call is accepted again')
  await until(() => held.some((one) => one.id === id), 'it is run')
  answerAll()
  await untilState(world, 'slow', id, ['done'])
})
