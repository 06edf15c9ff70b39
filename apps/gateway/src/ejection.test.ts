import fc from 'fast-check'
import { expect, test } from 'vitest'
import { afterFailure, type Failing, isEjected, mayTakeCall } from './ejection.ts'

const failedTimes = (times: number, nowMs = 0): Failing | undefined => {
  let state: Failing | undefined
  for (let i = 0; i < times; i += 1) state = afterFailure(state, nowMs)
  return state
}

test('a failure or two do not eject, the third in a row does', () => {
  expect([0, 1, 2, 3].map((times) => isEjected(failedTimes(times), 0))).toEqual([false, false, false, true])
})

test('the time grows with each further failure, up to a bound', () => {
  expect([3, 4, 5, 6, 7, 8, 1_000].map((times) => failedTimes(times)?.ejectedUntilMs)).toEqual([
    1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
  ])
})

test('after its time it is tried with one call at a time', () => {
  const state = failedTimes(3)
  expect(mayTakeCall(state, 0, 999)).toBe(false)
  expect(mayTakeCall(state, 0, 1_000)).toBe(true)
  expect(mayTakeCall(state, 1, 1_000)).toBe(false)
  expect(mayTakeCall(failedTimes(2), 5, 0)).toBe(true)
})

test('it is never ejected for longer than the bound, whenever it failed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), { maxLength: 30 }), (gaps) => {
      let nowMs = 0
      let state: Failing | undefined
      for (const gap of gaps) {
        nowMs += gap
        state = afterFailure(state, nowMs)
        expect(isEjected(state, nowMs + 10_000)).toBe(false)
      }
    }),
  )
})
