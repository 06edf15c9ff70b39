import type { AliasKind } from '@pushfn/model/alias'

/** Upper bounds in seconds, Prometheus' own defaults, as OpenFaaS has them. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** Fewer calls at once are no leap. */
const LEAST_LEAP = 8

/** The finished calls of one function that ended with one status. */
export class CodeStats {
  readonly code: number
  count = 0
  seconds = 0
  /** Calls per bucket, not cumulated; those above the last bound are in none. */
  readonly buckets = new Uint32Array(DURATION_BUCKETS.length)

  constructor(code: number) {
    this.code = code
  }
}

/** The commits' aliases of one function are counted together: it may have very many. */
export const countedAs = (of: Pick<CallStats, 'functionName' | 'alias'>): string => `${of.functionName} ${of.alias}`

/** What one process tells another of its calls. */
export type ToldCalls = Pick<
  CallStats,
  'functionName' | 'alias' | 'started' | 'inFlight' | 'held' | 'coldStarts' | 'byCode'
>

/** What is counted of one route. Plain fields, since every call passes here; Prometheus reads them when it scrapes. */
export class CallStats {
  readonly functionName: string
  /** Which of the function's aliases it counts. */
  readonly alias: AliasKind
  /** Of its route: where its calls wait, and what its load is told by. */
  readonly key: string
  /** The table's count of routes that lead to it. */
  routes = 0
  started = 0
  inFlight = 0
  /** Few and searched from the front; a Map for each of many functions would weigh more than all the rest of a route. */
  readonly byCode: CodeStats[] = []
  /** Calls that wait for a replica; they are in flight too. */
  held = 0
  /** Calls that were held because their function slept, and went on when it was awake. */
  coldStarts = 0
  readonly #onLeap: (() => void) | undefined
  /** Of `started` and of the time that all calls took together, what was told of already. */
  #toldStarted = 0
  #callMs = 0
  #changedMs = 0
  #leapAt = LEAST_LEAP

  /**
   * `<function>.<tenant>`: OpenFaaS's `function_name`. `onLeap` hears of it when there are suddenly many calls more than
   * when the load was told last.
   */
  constructor(
    functionName: string,
    { alias = 'live', key = '', onLeap }: { alias?: AliasKind; key?: string; onLeap?: () => void } = {},
  ) {
    this.functionName = functionName
    this.alias = alias
    this.key = key
    this.#onLeap = onLeap
  }

  begin(nowMs = performance.now()): void {
    this.#passTime(nowMs)
    this.started += 1
    this.inFlight += 1
    if (this.inFlight <= this.#leapAt) return
    this.#leapAt = Number.POSITIVE_INFINITY
    this.#onLeap?.()
  }

  /** A call that the gateway answered at the function's door: the function has no work by it. */
  refused(code: number): void {
    this.#count(code, 0)
  }

  /** A call that had begun goes on under another route. */
  handOver(nowMs = performance.now()): void {
    this.#passTime(nowMs)
    this.inFlight -= 1
  }

  end(code: number, seconds: number, nowMs = performance.now()): void {
    this.#passTime(nowMs)
    this.inFlight -= 1
    this.#count(code, seconds)
  }

  /** The load since the last call of this: calls that began, and calls × milliseconds under way. */
  takeLoad(nowMs: number): { calls: number; callMs: number } {
    this.#passTime(nowMs)
    const load = { calls: this.started - this.#toldStarted, callMs: this.#callMs }
    this.#toldStarted = this.started
    this.#callMs = 0
    this.#leapAt = Math.max(LEAST_LEAP, 2 * this.inFlight)
    return load
  }

  /** Each call counts for as long as it is under way: the average of a stretch is exact, however short its calls are. */
  #passTime(nowMs: number): void {
    if (this.inFlight > 0) this.#callMs += this.inFlight * (nowMs - this.#changedMs)
    this.#changedMs = nowMs
  }

  #count(code: number, seconds: number): void {
    const stats = this.#of(code)
    stats.count += 1
    stats.seconds += seconds
    for (let i = 0; i < DURATION_BUCKETS.length; i += 1) {
      // Inside the array by the loop's bound; the two have one length.
      if (seconds <= (DURATION_BUCKETS[i] as number)) {
        stats.buckets[i] = (stats.buckets[i] as number) + 1
        return
      }
    }
  }

  /** Adds what was counted elsewhere of the same. */
  add(other: ToldCalls): void {
    this.started += other.started
    this.inFlight += other.inFlight
    this.held += other.held
    this.coldStarts += other.coldStarts
    for (const { code, count, seconds, buckets } of other.byCode) {
      const stats = this.#of(code)
      stats.count += count
      stats.seconds += seconds
      buckets.forEach((calls, i) => {
        stats.buckets[i] = (stats.buckets[i] ?? 0) + calls
      })
    }
  }

  #of(code: number): CodeStats {
    for (const stats of this.byCode) if (stats.code === code) return stats
    const stats = new CodeStats(code)
    this.byCode.push(stats)
    return stats
  }
}
