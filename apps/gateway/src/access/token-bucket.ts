/** Tokens that come each second, and the most that are there at once. */
export interface Rate {
  perSecond: number
  burst: number
}

/** A token bucket of this process alone. It begins full. */
export class TokenBucket {
  #tokens: number | undefined
  #atMs = 0

  /** 0: a token was taken. Otherwise the milliseconds until there is one. */
  take(rate: Rate, nowMs: number): number {
    const before = this.#tokens ?? rate.burst
    const tokens = Math.min(rate.burst, before + (Math.max(0, nowMs - this.#atMs) * rate.perSecond) / 1000)
    this.#atMs = nowMs
    this.#tokens = tokens >= 1 ? tokens - 1 : tokens
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate.perSecond) * 1000)
  }
}
