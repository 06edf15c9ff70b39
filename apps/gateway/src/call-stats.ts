/** Upper bounds in seconds, Prometheus' own defaults, as OpenFaaS has them. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

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

/** What is counted of one function. Plain fields, since every call passes here; Prometheus reads them when it scrapes. */
export class CallStats {
  readonly functionName: string
  started = 0
  inFlight = 0
  /** Few and searched from the front; a Map for each of many functions would weigh more than all the rest of a route. */
  readonly byCode: CodeStats[] = []

  /** `<function>.<tenant>`: OpenFaaS's `function_name`. */
  constructor(functionName: string) {
    this.functionName = functionName
  }

  begin(): void {
    this.started += 1
    this.inFlight += 1
  }

  /** A call that the gateway answered at the function's door: the function has no work by it. */
  refused(code: number): void {
    this.#count(code, 0)
  }

  end(code: number, seconds: number): void {
    this.inFlight -= 1
    this.#count(code, seconds)
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

  /** Adds what another process has counted of the same function. */
  add(other: Pick<CallStats, 'started' | 'inFlight' | 'byCode'>): void {
    this.started += other.started
    this.inFlight += other.inFlight
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
