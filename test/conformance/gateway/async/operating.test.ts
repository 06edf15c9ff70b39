import { describe, expect, test } from 'vitest'
import { aFunction, aRoute } from '../support/a-function.ts'
import { startRedis } from '../support/redis-server.ts'
import { startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS, accepted, untilState } from './support.ts'

/** What operators see of async calls. */
describe('the gateway tells its operators', () => {
  test('how many calls of each function wait, run and are dead', async () => {
    const hold = Promise.withResolvers<void>()
    await using slow = await aFunction((_req, res) => void hold.promise.then(() => res.end('done')))
    await using broken = await aFunction((_req, res) => void res.writeHead(503).end())
    await using world = await startWorld(ASYNC_SETTINGS, {
      routes: [
        aRoute({ function: 'slow', addresses: [slow.address], maxInflight: 1, hold: { calls: 9, ms: 9_000 } }),
        aRoute({ function: 'broken', addresses: [broken.address] }),
      ],
    })
    const value = async (metric: string, name: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()
      const line = text.split('\n').find((each) => each.startsWith(`${metric}{function_name="${name}"`))
      return Number(line?.split(' ').at(-1) ?? 0)
    }
    const dead = await accepted(world, 'broken', { headers: { 'x-max-retries': '0' } })
    for (let n = 0; n < 4; n += 1) await accepted(world, 'slow')
    await untilState(world, 'broken', dead, ['dead'])
    await until(async () => (await value('pushfn_gateway_async_waiting', 'slow.ada')) === 3, 'three wait')
    expect(await value('pushfn_gateway_async_running', 'slow.ada')).toBe(1)
    await until(async () => (await value('pushfn_gateway_async_dead', 'broken.ada')) === 1, 'one is dead')
    hold.resolve()
    await until(async () => (await value('pushfn_gateway_async_waiting', 'slow.ada')) === 0, 'none waits')
  })

  test('that a Redis which drops keys when it is full would drop calls', async () => {
    await using redis = await startRedis()
    await using world = await startWorld(ASYNC_SETTINGS, { redisUrl: redis.url })
    let said = ''
    world.child.stdout?.on('data', (bytes) => {
      said += bytes
    })
    const isSaid = () => said.includes('set its maxmemory-policy to noeviction')
    await world.redis.config('SET', 'maxmemory', '256mb')
    await world.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until(() => said.includes('redis does not answer') || isSaid(), 'the gateway lost its connection')
    expect(isSaid()).toBe(false)
    await world.redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await world.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until(isSaid, 'the gateway says so')
  })
})
