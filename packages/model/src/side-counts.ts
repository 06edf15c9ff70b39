import { z } from 'zod'

/**
 * What came of the calls of one side, while the callers of a function are split between two revisions. Counts of several
 * processes add up exactly: bucket by bucket.
 */
export const LATENCY_BUCKETS = 73

export const SideCounts = z.object({
  calls: z.number().int().nonnegative(),
  /** Of these, those that the function or its replica failed: 5xx, or an answer that broke off. */
  errors: z.number().int().nonnegative(),
  /** Calls by how long they waited until their answer began, in the buckets of `latencyBucket`; the empty end is left out. */
  latencies: z.array(z.number().int().nonnegative()).max(LATENCY_BUCKETS),
})
export type SideCounts = z.infer<typeof SideCounts>

export const noCounts = (): SideCounts => ({ calls: 0, errors: 0, latencies: [] })

/** Buckets to an octave: a bucket ends a fifth above where it begins, so that a quantile is right to a tenth. */
const AN_OCTAVE = 4

/** The bucket of so many milliseconds: the first ends at 1 ms, the last has all above 218 s. */
export const latencyBucket = (ms: number): number =>
  ms <= 1 ? 0 : Math.min(LATENCY_BUCKETS - 1, Math.ceil(AN_OCTAVE * Math.log2(ms)))

/** In milliseconds. */
const endOf = (bucket: number): number => (bucket < 0 ? 0 : 2 ** (bucket / AN_OCTAVE))

/** The milliseconds that this part of all calls did not exceed, by a straight line through its bucket; 0 without calls. */
export const latencyQuantile = (latencies: readonly number[], part: number): number => {
  const total = latencies.reduce((sum, calls) => sum + calls, 0)
  const rank = Math.min(Math.max(part, 0), 1) * total
  let before = 0
  for (const [bucket, calls] of latencies.entries()) {
    if (calls > 0 && before + calls >= rank) {
      const share = Math.max(0, rank - before) / calls
      return endOf(bucket - 1) + share * (endOf(bucket) - endOf(bucket - 1))
    }
    before += calls
  }
  return 0
}

export const addCounts = (one: SideCounts, other: SideCounts): SideCounts => bothCounts(one, other, 1)

/** What has come since `before`, which counted the same calls. */
export const countsSince = (now: SideCounts, before: SideCounts): SideCounts => bothCounts(now, before, -1)

const bothCounts = (one: SideCounts, other: SideCounts, sign: 1 | -1): SideCounts => ({
  calls: one.calls + sign * other.calls,
  errors: one.errors + sign * other.errors,
  latencies: Array.from(
    { length: Math.max(one.latencies.length, other.latencies.length) },
    (_, bucket) => (one.latencies[bucket] ?? 0) + sign * (other.latencies[bucket] ?? 0),
  ),
})
