/** Something with a moment after which it has waited long enough. */
export interface Timed {
  /** By the clock's own count; Infinity when it waits for nothing. */
  dueMs: number
  onDue(): void
}

/** Time-outs are late by up to so much, and never early. */
const TICK_MS = 100

/**
 * One timer for all time-outs. A connection sets its moment anew with every byte that passes; to do so here is a plain
 * assignment, where a timer of its own would be moved through Node's lists each time.
 */
export class Clock {
  /** Milliseconds since the clock's start, as of the last tick. */
  nowMs = 0
  readonly #startMs = performance.now()
  readonly #timed = new Set<Timed>()
  readonly #ticker: NodeJS.Timeout

  constructor() {
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
    this.#ticker.unref()
  }

  /** The moment so many milliseconds from now. */
  after(ms: number): number {
    return this.nowMs + ms + TICK_MS
  }

  add(timed: Timed): void {
    this.#timed.add(timed)
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed)
  }

  stop(): void {
    clearInterval(this.#ticker)
  }

  #tick(): void {
    this.nowMs = performance.now() - this.#startMs
    for (const timed of this.#timed) if (timed.dueMs <= this.nowMs) timed.onDue()
  }
}
