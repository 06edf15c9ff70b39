import type { FunctionLoad, LoadReport } from '@pushfn/model/load'
import type { CallStats } from '../call-stats.ts'
import type { Split } from '../split.ts'

export interface LoadReporterOptions {
  stats: () => Iterable<CallStats>
  splits: () => Iterable<Split>
  publish: (report: Omit<LoadReport, 'gateway'>) => void
}

const INTERVAL_MS = 1_000
/** Who has no time to wait is told of so soon, together with what else comes in the moment. */
const HASTE_MS = 40
/** And not more often than this. */
const LEAST_MS = 100

/** Tells the controller each second what every function has to do, and sooner where it has suddenly more. */
export class LoadReporter {
  readonly #options: LoadReporterOptions
  readonly #timer: NodeJS.Timeout
  #hasty: NodeJS.Timeout | undefined
  #reportedMs = performance.now()

  constructor(options: LoadReporterOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#report(false), INTERVAL_MS)
  }

  hasten(): void {
    if (this.#hasty) return
    const sinceMs = performance.now() - this.#reportedMs
    this.#hasty = setTimeout(() => this.#report(true), Math.max(HASTE_MS, LEAST_MS - sinceMs))
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#hasty)
  }

  #report(isUrgent: boolean): void {
    clearTimeout(this.#hasty)
    this.#hasty = undefined
    const nowMs = performance.now()
    const intervalMs = nowMs - this.#reportedMs
    // Two timers of one moment.
    if (intervalMs <= 0) return
    this.#reportedMs = nowMs
    const functions = this.#functions(nowMs, intervalMs)
    this.#options.publish({ intervalMs, isUrgent, functions, splits: this.#splits() })
  }

  #splits(): LoadReport['splits'] {
    const called = [...this.#options.splits()].filter(({ live, canary }) => live.calls + canary.calls > 0)
    if (called.length === 0) return undefined
    return Object.fromEntries(
      called.map(({ id, live, canary }) => [id, { live: live.counts(), canary: canary.counts() }]),
    )
  }

  #functions(nowMs: number, intervalMs: number): LoadReport['functions'] {
    const functions: Record<string, FunctionLoad> = {}
    for (const stats of this.#options.stats()) {
      const { callMs, calls } = stats.takeLoad(nowMs)
      if (callMs === 0 && calls === 0) continue
      const { held } = stats
      functions[stats.key] = { concurrency: callMs / intervalMs, calls, held, queued: 0 }
    }
    return functions
  }
}
