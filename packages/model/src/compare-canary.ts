import type { CanaryRules } from './canary-rules.ts'
import { latencyQuantile, type SideCounts } from './side-counts.ts'

/** `wait`: nobody can tell yet. `why` is for the tenant. */
export type CanaryVerdict = { kind: 'good' } | { kind: 'wait' | 'worse'; why: string }

/** Both sides of a split in the same stretch of time. */
export interface SplitCounts {
  live: SideCounts
  canary: SideCounts
}

/**
 * In how many standard deviations chance is ruled out: one look in two thousand is wrong at the edge of the rules, and a canary
 * that is as good as live is looked at a thousand times without harm, since there chance must bridge the rules' own room too.
 */
const Z = 3.29
const P95 = 0.95

/**
 * Whether a canary is worse than what is live, as good, or not yet known. Worse is what cannot be chance: the Wilson interval of
 * its failures lies above that of live by more than the rules allow (Newcombe's interval of a difference), or so does the
 * time of its slow answers, each side's by the ranks between which its 95th percentile lies. Good is what looks good: until
 * it does, one that is not proved worse is waited for.
 */
export const compareCanary = ({ live, canary }: SplitCounts, rules: CanaryRules): CanaryVerdict => {
  if (canary.calls < rules.leastCalls) return { kind: 'wait', why: few('the canary', canary.calls, rules) }
  const rates = { live: rateOf(live), canary: rateOf(canary) }
  if (leastDifference(canary, live) > rules.maxErrorDifference) {
    return { kind: 'worse', why: `it failed ${told(canary)}, live ${told(live)}` }
  }
  if (live.calls < rules.leastCalls) return { kind: 'wait', why: few('live', live.calls, rules) }
  if (isSlower(p95(canary, -Z), p95(live, Z), rules)) return { kind: 'worse', why: slowness(live, canary) }
  if (rates.canary - rates.live > rules.maxErrorDifference) {
    return { kind: 'wait', why: `it failed ${told(canary)}, live ${told(live)}, which may be chance` }
  }
  if (isSlower(p95(canary, 0), p95(live, 0), rules)) {
    return { kind: 'wait', why: `${slowness(live, canary)}, which may be chance` }
  }
  return { kind: 'good' }
}

const few = (whose: string, calls: number, { leastCalls }: CanaryRules): string =>
  `${whose} has had ${calls} of ${leastCalls} calls`

export const rateOf = ({ calls, errors }: SideCounts): number => (calls === 0 ? 0 : errors / calls)

/** Milliseconds within which 95 of 100 answers began. */
export const p95Of = ({ latencies }: SideCounts): number => latencyQuantile(latencies, P95)

/** Newcombe 1998, method 10: the lower end of the interval of `one`'s rate less `other`'s. */
const leastDifference = (one: SideCounts, other: SideCounts): number => {
  const below = rateOf(one) - wilson(one, -1)
  const above = wilson(other, 1) - rateOf(other)
  return rateOf(one) - rateOf(other) - Math.hypot(below, above)
}

/** Wilson's interval of a rate: its lower end (-1) or its upper one. Without calls it is everything. */
const wilson = ({ calls, errors }: SideCounts, side: -1 | 1): number => {
  if (calls === 0) return side === 1 ? 1 : 0
  const middle = errors + Z ** 2 / 2
  const reach = Z * Math.sqrt((errors * (calls - errors)) / calls + Z ** 2 / 4)
  return (middle + side * reach) / (calls + Z ** 2)
}

/** The 95th percentile, or as many deviations of its rank away: ranks need no assumption of how long answers take. */
const p95 = ({ calls, latencies }: SideCounts, deviations: number): number =>
  latencyQuantile(latencies, P95 + deviations * Math.sqrt((P95 * (1 - P95)) / calls))

const isSlower = (canaryMs: number, liveMs: number, { maxP95Ratio, slowerByMs }: CanaryRules): boolean =>
  canaryMs > maxP95Ratio * liveMs && canaryMs > liveMs + slowerByMs

const told = ({ calls, errors }: SideCounts): string => `${errors} of ${calls} calls`

const slowness = (live: SideCounts, canary: SideCounts): string =>
  `95 of 100 answers begin within ${shortMs(p95Of(canary))}, those of live within ${shortMs(p95Of(live))}`

const shortMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`)
