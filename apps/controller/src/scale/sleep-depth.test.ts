import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deeper, maySleep, sleepDepth } from './sleep-depth.ts'

const spec = { pauseAfterMs: 300_000, stopAfterMs: 1_800_000 }

it.each([
  [0, 'awake'],
  [299_999, 'awake'],
  [300_000, 'paused'],
  [1_799_999, 'paused'],
  [1_800_000, 'stopped'],
])('idle for %i ms it is %s', (idleMs, depth) => {
  expect(sleepDepth(idleMs, spec)).toBe(depth)
})

it('what never sleeps is awake for ever, what is only paused is never stopped', () => {
  expect(sleepDepth(1e12, { pauseAfterMs: null, stopAfterMs: null })).toBe('awake')
  expect(sleepDepth(1e12, { pauseAfterMs: 1, stopAfterMs: null })).toBe('paused')
  expect([maySleep(spec), maySleep({ pauseAfterMs: null, stopAfterMs: null })]).toEqual([true, false])
})

it('sleep only grows deeper with time', () => {
  const after = fc.option(fc.integer({ min: 0, max: 10_000 }))
  const specs = fc.record({ pauseAfterMs: after, stopAfterMs: after })
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(20_000), specs, (idleMs, moreMs, any) => {
      const now = sleepDepth(idleMs, any)
      expect(deeper(sleepDepth(idleMs + moreMs, any), now)).toBe(sleepDepth(idleMs + moreMs, any))
    }),
  )
})
