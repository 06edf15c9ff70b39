import type { SplitCounts } from '@pushfn/model/compare-canary'
import { countsSince } from '@pushfn/model/side-counts'

/** The beginning of a window is right to this part of its length. */
const MARKS = 60

interface Mark {
  atMs: number
  counts: SplitCounts
}

/**
 * Turns counts that only grow into those of the last minutes. What was counted before the first look counts until a whole
 * window has passed since: a new leader knows no better.
 */
export class CanaryWindow {
  readonly #lengthMs: number
  #marks: Mark[] = []

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  take(counts: SplitCounts, nowMs: number): SplitCounts {
    const newest = this.#marks.at(-1)
    if (!newest || nowMs - newest.atMs >= this.#lengthMs / MARKS) this.#marks.push({ atMs: nowMs, counts })
    const begin = this.#marks.findLastIndex(({ atMs }) => nowMs - atMs >= this.#lengthMs)
    if (begin > 0) this.#marks.splice(0, begin)
    const [oldest] = this.#marks
    if (begin === -1 || !oldest) return counts
    return {
      live: countsSince(counts.live, oldest.counts.live),
      canary: countsSince(counts.canary, oldest.counts.canary),
    }
  }
}
