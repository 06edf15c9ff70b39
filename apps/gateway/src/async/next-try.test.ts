import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isWorthAnotherTry, retryDelayMs } from './next-try.ts'

describe('the next try', () => {
  test.each([
    [200, true, false],
    [404, true, false],
    [404, false, true],
    [429, true, true],
    [500, true, false],
    [501, true, false],
    [502, false, true],
    [503, true, true],
    [504, false, true],
    [413, false, false],
  ])('%i of the function: %s, is worth one: %s', (status, isFunctions, expected) => {
    expect(isWorthAnotherTry({ status, isFunctions, retryAfter: undefined })).toBe(expected)
  })

  const delay = (tries: number, more: { retryAfter?: string; random?: number } = {}) =>
    retryDelayMs(tries, { baseMs: 1_000, nowMs: 0, random: 1, retryAfter: undefined, ...more })

  test('waits twice as long each time, up to five minutes', () => {
    expect([1, 2, 3, 9, 10, 1_000].map((tries) => delay(tries))).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ])
    expect(delay(3, { random: 0 })).toBe(2_000)
  })

  test.each([
    ['7', 7_000],
    ['0', 1_000],
    [new Date(60_000).toUTCString(), 60_000],
    [new Date(-60_000).toUTCString(), 1_000],
    ['soon', 1_000],
    ['999999999', 3_600_000],
    ['-5', 1_000],
  ])('waits at least as long as Retry-After: %s says', (retryAfter, expected) => {
    expect(delay(1, { retryAfter })).toBe(expected)
  })

  test('is never at once, never beyond an hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, text, random) => {
          const ms = delay(n, { retryAfter: text, random })
          expect(ms).toBeGreaterThanOrEqual(500)
          expect(ms).toBeLessThanOrEqual(3_600_000)
        },
      ),
    )
  })
})
