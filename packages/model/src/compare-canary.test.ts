import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CanaryRules } from './canary-rules.ts'
import { type CanaryVerdict, compareCanary } from './compare-canary.ts'
import { SplitLoad } from './load.ts'
import { latencyBucket, type SideCounts } from './side-counts.ts'

const rules = CanaryRules.parse({})

/** So many calls of one time, so many of them failed. */
const side = (calls: number, errors = 0, ms = 10): SideCounts => ({
  calls,
  errors,
  latencies: [...new Array(latencyBucket(ms)).fill(0), calls],
})
const kindOf = (live: SideCounts, canary: SideCounts, over: Partial<CanaryRules> = {}) =>
  compareCanary({ live, canary }, { ...rules, ...over }).kind

test.each<[string, SideCounts, SideCounts, CanaryVerdict['kind']]>([
  ['nothing was called', side(0), side(0), 'wait'],
  ['there are too few calls, be they all failed', side(950), side(49, 49), 'wait'],
  ['all is well', side(950), side(50), 'good'],
  ['live fails as much', side(950, 190), side(50, 10), 'good'],
  ['live fails more', side(950, 400), side(50, 1), 'good'],
  ['one call of fifty failed', side(950), side(50, 1), 'wait'],
  ['one of a hundred failed', side(1_900), side(100, 1), 'good'],
  ['every other call failed', side(950), side(50, 25), 'worse'],
  ['one of ten failed, of many', side(9_500, 9), side(500, 50), 'worse'],
  ['it fails by what the rules allow', side(95_000), side(5_000, 50), 'good'],
  ['it fails by a little more, of very many', side(950_000), side(50_000, 750), 'worse'],
  ['all fails, and live has few calls', side(10), side(990, 990), 'worse'],
  ['it is well, and live has few calls', side(10), side(990), 'wait'],
  ['it is ten times as slow', side(950), side(50, 0, 100), 'worse'],
  ['it is twice as slow, of next to nothing', side(950, 0, 1), side(50, 0, 2), 'good'],
  ['it is slower by less than the rules forbid', side(950, 0, 200), side(50, 0, 230), 'good'],
  ['it is faster', side(950, 0, 200), side(50, 0, 20), 'good'],
])('when %s: %#', (_what, live, canary, expected) => {
  expect(kindOf(live, canary)).toBe(expected)
})

test('why it is worse is told in words', () => {
  expect(compareCanary({ live: side(950, 1), canary: side(50, 25) }, rules)).toEqual({
    kind: 'worse',
    why: 'it failed 25 of 50 calls, live 1 of 950 calls',
  })
  const slow = compareCanary({ live: side(950), canary: side(50, 0, 800) }, rules)
  expect(slow).toMatchObject({ why: expect.stringMatching(/^95 of 100 answers begin within \d{3} ms, those of live/) })
})

const counts = fc
  .record({
    latencies: fc.array(fc.nat(200), { minLength: 1, maxLength: 50 }),
    failing: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ latencies, failing }): SideCounts => {
    const calls = latencies.reduce((sum, n) => sum + n, 0)
    return { calls, errors: Math.floor(calls * failing), latencies }
  })
const ORDER: readonly CanaryVerdict['kind'][] = ['good', 'wait', 'worse']

describe('whatever was counted', () => {
  test('who is as live is not worse', () => {
    fc.assert(fc.property(counts, (both) => void expect(kindOf(both, both)).not.toBe('worse')))
  })

  test('more failed calls, or slower ones, never make it better', () => {
    fc.assert(
      fc.property(counts, counts, fc.nat(50), fc.nat(30), (live, canary, more, slower) => {
        fc.pre(canary.calls >= rules.leastCalls)
        const before = ORDER.indexOf(kindOf(live, canary))
        const failed = { ...canary, errors: Math.min(canary.calls, canary.errors + more) }
        const slowed = { ...canary, latencies: [...new Array(slower).fill(0), ...canary.latencies] }
        expect(ORDER.indexOf(kindOf(live, failed))).toBeGreaterThanOrEqual(before)
        expect(ORDER.indexOf(kindOf(live, slowed))).toBeGreaterThanOrEqual(before)
      }),
    )
  })

  test('looser rules never make it worse', () => {
    fc.assert(
      fc.property(counts, counts, fc.double({ min: 0.01, max: 1, noNaN: true }), (live, canary, looser) => {
        const before = ORDER.indexOf(kindOf(live, canary))
        const over = { maxErrorDifference: looser, maxP95Ratio: 1.5 + looser, slowerByMs: 50 + 1_000 * looser }
        expect(ORDER.indexOf(kindOf(live, canary, over))).toBeLessThanOrEqual(before)
      }),
    )
  })
})

/** Park and Miller: the same numbers in every run. */
const drawing = (seed: number) => {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Looks every second for so long, as the controller does, at a canary with a tenth of 20 calls a second. */
const looks = (seed: number, failing: { live: number; canary: number }, seconds: number): CanaryVerdict['kind'] => {
  const draw = drawing(seed)
  const seen = { live: side(0), canary: side(0) }
  for (let second = 0; second < seconds; second++) {
    for (let call = 0; call < 20; call++) {
      const whose = draw() < 0.1 ? 'canary' : 'live'
      const before = seen[whose]
      seen[whose] = side(before.calls + 1, before.errors + (draw() < failing[whose] ? 1 : 0))
    }
    if (compareCanary(seen, rules).kind === 'worse') return 'worse'
  }
  return compareCanary(seen, rules).kind
}

test('a canary that fails as rarely as live is returned next to never, though it is looked at 600 times', () => {
  const returned = Array.from({ length: 300 }, (_, n) => looks(n + 1, { live: 0.02, canary: 0.02 }, 600))
  expect(returned.filter((kind) => kind === 'worse').length).toBeLessThanOrEqual(1)
})

test('one that fails one call in five is found out within 200 calls of its own', () => {
  const kinds = Array.from({ length: 100 }, (_, n) => looks(n + 1, { live: 0.002, canary: 0.2 }, 100))
  expect(kinds.filter((kind) => kind === 'worse').length).toBeGreaterThanOrEqual(95)
})

/** What the gateways of a real cloud told, second by second: `test/support/canary/record-loads.ts` recorded it. */
const Recorded = z.object({ seconds: z.array(SplitLoad) })
const recorded = (name: string) => {
  const path = new URL(`../../../test/support/canary/recorded/${name}.json`, import.meta.url)
  return Recorded.parse(JSON.parse(readFileSync(path, 'utf8'))).seconds
}

describe('of recorded loads', () => {
  const verdicts = (name: string) => recorded(name).map((second) => compareCanary(second, rules).kind)

  test.each<[string, CanaryVerdict['kind']]>([
    ['good', 'good'],
    ['noisy', 'good'],
    ['failing', 'worse'],
    ['slow', 'worse'],
    ['tiny', 'wait'],
  ])('the %s one ends as it must', (name, expected) => {
    expect(verdicts(name).at(-1)).toBe(expected)
  })

  test.each(['good', 'noisy', 'tiny'])('the %s one is worse at no second', (name) => {
    expect(verdicts(name)).not.toContain('worse')
  })

  test.each(['failing', 'slow'])('the %s one is good at no second', (name) => {
    expect(verdicts(name)).not.toContain('good')
  })
})
