import { FunctionSpec } from '@pushfn/model/function-spec'
import { expect, test } from 'vitest'
import { routePolicy } from './route-policy.ts'

const bounds = { maxBodyBytes: 1_000_000, maxHeldCalls: 500, maxHeldMs: 20_000 }
const policyOf = (scale: object = {}, timeouts: object = {}) =>
  routePolicy(
    FunctionSpec.parse({
      environment: {},
      secrets: [],
      labels: {},
      annotations: {},
      memoryMiB: 128,
      cpuMillis: 1000,
      processes: 128,
      isRootReadOnly: true,
      scale: { min: 1, max: 4, ...scale },
      health: { path: '/', initialDelayMs: 0 },
      timeouts: { responseMs: 1_000, idleMs: 2_000, ...timeouts },
    }),
    bounds,
  )

test('a revision from before there were bounds of its own has the cloud’s, and answers that last', () => {
  expect(policyOf()).toMatchObject({ hold: { calls: 500, ms: 20_000 }, answerTimeoutMs: null })
})

test('a function may have less waiting for it than the cloud allows, and never more', () => {
  expect(policyOf({ holdCalls: 3, holdMs: 5_000 }).hold).toEqual({ calls: 3, ms: 5_000 })
  expect(policyOf({ holdCalls: 900_000, holdMs: 900_000 }).hold).toEqual({ calls: 500, ms: 20_000 })
})

test('the limit of a whole answer is the function’s', () => {
  expect(policyOf({}, { answerMs: 60_000 }).answerTimeoutMs).toBe(60_000)
})
