import type { RouteSplit } from '@pushfn/model/route'
import { LATENCY_BUCKETS, latencyBucket, type SideCounts } from '@pushfn/model/side-counts'
import type { Upstream } from './upstream.ts'

/** While a canary sleeps, calls that are drawn for it ask that often at most that it is woken. */
const WANT_EVERY_MS = 1_000
const FAILED = 500

/** What comes of the calls that were drawn for one side. Plain fields, as of CallStats: every such call passes here. */
export class Side {
  #calls = 0
  #errors = 0
  readonly #latencies = new Uint32Array(LATENCY_BUCKETS)

  /** An answer begins so long after its call came: the function's, or the gateway's in its place. */
  answered(status: number, ms: number): void {
    this.#calls += 1
    if (status >= FAILED) this.#errors += 1
    const bucket = latencyBucket(ms)
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1
  }

  /** An answer that had begun well broke off. */
  broke(status: number): void {
    if (status < FAILED) this.#errors += 1
  }

  get calls(): number {
    return this.#calls
  }

  counts(): SideCounts {
    const end = this.#latencies.findLastIndex((calls) => calls > 0) + 1
    return { calls: this.#calls, errors: this.#errors, latencies: [...this.#latencies.subarray(0, end)] }
  }
}

/**
 * How the calls of one route are split. By call: each is drawn for itself, so that one caller has no other odds than many,
 * and nothing is read of a request or written to it. It lives as long as the controller gives it the same id.
 */
export class Split {
  readonly id: string
  readonly weight: number
  /** Of the other route. */
  readonly key: string
  readonly live = new Side()
  readonly canary = new Side()
  #wantedMs = Number.NEGATIVE_INFINITY

  constructor({ id, weight }: RouteSplit, key: string) {
    this.id = id
    this.weight = weight
    this.key = key
  }

  /** Whether this call is for the canary. */
  draw(): boolean {
    return Math.random() * 100 < this.weight
  }

  /** Whether it is time to ask that the canary is woken. */
  wants(nowMs = performance.now()): boolean {
    if (nowMs - this.#wantedMs < WANT_EVERY_MS) return false
    this.#wantedMs = nowMs
    return true
  }
}

/** Whether a replica of the canary can take a call now. */
export const canServe = (upstreams: readonly Upstream[]): boolean => upstreams.some((upstream) => upstream.mayTakeCall)
