import type { ServerResponse } from 'node:http'
import { LoadReport, loadChannel } from '@pushfn/model/load'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from '../support/a-function.ts'
import { type GatewayWorld, startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS, accepted, untilState } from './support.ts'

/** Whose turn it is: calls of one tenant, or of one function, that do not end must not keep others waiting. */
let world: GatewayWorld
let hangs: AFunction
let quick: AFunction
const open = new Set<ServerResponse>()
let most = 0
let began = 0

beforeAll(async () => {
  hangs = await aFunction((req, res) => {
    began += 1
    open.add(res)
    most = Math.max(most, open.size)
    req.resume()
    res.on('close', () => open.delete(res))
  })
  quick = await aFunction()
  const routes = [
    aRoute({ function: 'hangs', addresses: [hangs.address], responseTimeoutMs: 60_000 }),
    aRoute({
      function: 'narrow',
      addresses: [hangs.address, hangs.address],
      maxInflight: 2,
      // A call waits in its gateway until it has a slot of a replica.
      hold: { calls: 100, ms: 30_000 },
      responseTimeoutMs: 60_000,
    }),
    aRoute({ function: 'quick', addresses: [quick.address] }),
    aRoute({ tenant: 'eve', function: 'quick', addresses: [quick.address] }),
  ]
  const settings = { ...ASYNC_SETTINGS, ASYNC_CONCURRENCY: '32', ASYNC_TENANT_CONCURRENCY: '16' }
  world = await startWorld(settings, { routes })
})
afterAll(async () => {
  for (const res of open) res.end()
  await world[Symbol.asyncDispose]()
  for (const one of [hangs, quick]) await one[Symbol.asyncDispose]()
})

const many = (count: number, name: string) => Promise.all(Array.from({ length: count }, () => accepted(world, name)))

describe('while hundreds of calls of a function do not end', () => {
  beforeAll(async () => {
    await many(300, 'hangs')
    await until(() => open.size >= 8, 'as many as may run do')
  })

  test('another tenant’s one call is run', async () => {
    const id = await accepted(world, 'quick', { tenant: 'eve' })
    await untilState(world, 'quick', id, ['done'], 'eve')
    expect(open.size).toBeGreaterThan(0)
  })

  test('another function’s call of the same tenant is run', async () => {
    await untilState(world, 'quick', await accepted(world, 'quick'), ['done'])
    expect(began).toBeLessThan(300)
  })

  test('the controller is told how many wait', async () => {
    const listener = new Redis(String(world.redis.options.port), { host: world.redis.options.host })
    const reports: LoadReport[] = []
    listener.on('message', (_channel, text) => reports.push(LoadReport.parse(JSON.parse(text))))
    const cloud = world.keys.table.split(':')[0] ?? ''
    await listener.subscribe(loadChannel(cloud))
    const told = () => reports.find(({ functions }) => (functions['ada/hangs']?.queued ?? 0) > 200)
    await until(() => told() !== undefined, 'a report told of the waiting calls')
    listener.disconnect()
  })

  test('they all run in the end', async () => {
    while (began < 300) {
      const before = began
      for (const res of open) res.end()
      await until(() => began > before || began === 300, 'the next ones began')
    }
    for (const res of open) res.end()
    await until(() => open.size === 0, 'all ended')
    expect(most).toBeLessThanOrEqual(16)
  })
})

test('no more run at once than the replicas take', async () => {
  most = 0
  began = 0
  await many(20, 'narrow')
  await until(() => open.size === 4, 'as many as two replicas take run')
  while (began < 20) {
    const before = began
    for (const res of open) res.end()
    await until(() => began > before, 'the next ones began')
  }
  for (const res of open) res.end()
  expect(most).toBe(4)
})
