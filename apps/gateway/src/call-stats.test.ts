import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { CallStats } from './call-stats.ts'
import { registerMetrics } from './metrics.ts'

test('calls are counted by status and time, in Prometheus’ cumulated buckets', async () => {
  const unknown = new CallStats('')
  for (const seconds of [0.001, 0.007, 0.007, 99]) {
    unknown.begin()
    unknown.end(404, seconds)
  }
  unknown.begin()
  const registry = new Registry()
  const numbers = { calls: [unknown], replicas: [], routes: 0, workersReady: 1, workerRestarts: 0, queues: [] }
  registerMetrics(registry, numbers)
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toContain('# TYPE gateway_functions_seconds histogram')
  expect(lines).toContain('gateway_function_invocation_total{function_name="",code="404"} 4')
  expect(lines).toContain('gateway_function_invocation_started{function_name=""} 5')
  expect(lines).toContain('gateway_function_invocation_inflight{function_name=""} 1')
  const bucket = (le: string) => `gateway_functions_seconds_bucket{function_name="",code="404",le="${le}"}`
  expect(lines).toContain(`${bucket('0.005')} 1`)
  expect(lines).toContain(`${bucket('0.01')} 3`)
  expect(lines).toContain(`${bucket('10')} 3`)
  expect(lines).toContain(`${bucket('+Inf')} 4`)
})

test('the load of a stretch counts each call for as long as it is under way', () => {
  const stats = new CallStats('f.ada')
  stats.begin(1_000)
  stats.begin(1_500)
  stats.end(200, 1, 2_000)
  expect(stats.takeLoad(2_000)).toEqual({ calls: 2, callMs: 1_500 })
  stats.end(200, 1.25, 2_250)
  expect(stats.takeLoad(3_000)).toEqual({ calls: 0, callMs: 250 })
  expect(stats.takeLoad(4_000)).toEqual({ calls: 0, callMs: 0 })
})

test('many calls at once are told of once, until the load was told', () => {
  let leaps = 0
  const stats = new CallStats('f.ada', { onLeap: () => leaps++ })
  for (let n = 0; n < 50; n++) stats.begin(0)
  expect(leaps).toBe(1)
  stats.takeLoad(0)
  for (let n = 0; n < 50; n++) stats.begin(0)
  expect(leaps).toBe(1)
  stats.begin(0)
  expect(leaps).toBe(2)
})
