/** What was measured of one function in one stretch of time, in the unit that its `scale.target` counts. */
export interface LoadSample {
  /** When the stretch ended. */
  atMs: number
  /** How long it was. */
  forMs: number
  value: number
}

/** The samples of one function, as far back as the longest window that is asked for. */
export class LoadHistory {
  readonly #keepMs: number
  #samples: LoadSample[] = []

  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  add(sample: LoadSample): void {
    this.#samples.push(sample)
    const first = this.#samples.findIndex(({ atMs }) => atMs > sample.atMs - this.#keepMs)
    if (first > 0) this.#samples.splice(0, first)
  }

  /**
   * The average over the last `windowMs`, each stretch weighed by its length. Of a function that is younger than the
   * window it is the average of its life: one that was just woken is not half asleep.
   */
  average(windowMs: number, nowMs: number): number {
    let weighed = 0
    let totalMs = 0
    for (let n = this.#samples.length - 1; n >= 0; n--) {
      const sample = this.#samples[n]
      if (!sample || sample.atMs <= nowMs - windowMs) break
      weighed += sample.value * sample.forMs
      totalMs += sample.forMs
    }
    return totalMs === 0 ? 0 : weighed / totalMs
  }

  clear(): void {
    this.#samples = []
  }
}
