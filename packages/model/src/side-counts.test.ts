import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addCounts, countsSince, latencyBucket, latencyQuantile, noCounts, type SideCounts } from './side-counts.ts'

const countsOf = (times: readonly number[]): SideCounts => {
  const latencies: number[] = []
  for (const ms of times) {
    const bucket = latencyBucket(ms)
    while (latencies.length <= bucket) latencies.push(0)
    latencies[bucket] = (latencies[bucket] ?? 0) + 1
  }
  return { calls: times.length, errors: 0, latencies }
}
const times = fc.array(fc.double({ min: 0.01, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 300 })

test('a quantile is right to the width of a bucket', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (sample, part) => {
      const sorted = sample.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(part * sorted.length - 1e-9) - 1] ?? 0
      const told = latencyQuantile(countsOf(sample).latencies, part)
      // Within the first bucket, all is a millisecond.
      expect(told).toBeLessThanOrEqual(Math.max(1, exact * 2 ** 0.25 * 1.000_001))
      expect(told * 2 ** 0.25 * 1.000_001).toBeGreaterThanOrEqual(exact <= 1 ? 0 : exact)
    }),
  )
})

test('what several processes have counted adds up as if one had, and what was before can be taken off', () => {
  fc.assert(
    fc.property(times, times, (one, other) => {
      const both = addCounts(countsOf(one), countsOf(other))
      expect(both).toEqual(countsOf([...one, ...other]))
      const since = countsSince(both, countsOf(one))
      expect(addCounts(since, countsOf(one))).toEqual(both)
      expect(since.calls).toBe(other.length)
    }),
  )
})

test('of no calls there is no quantile', () => {
  expect(latencyQuantile(noCounts().latencies, 0.95)).toBe(0)
})
