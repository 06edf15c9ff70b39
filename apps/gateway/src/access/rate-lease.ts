import type { LeaseOffice } from './lease-office.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

/** How much is leased ahead: what may be asked for in this time. */
const AHEAD_SECONDS = 0.05
/** Tokens that nobody asked for in so long go back. */
const KEEP_MS = 1_000

/**
 * This gateway's part of one rate. Tokens are leased ahead in small batches and given away without asking anybody; more
 * are asked for before they run out. A call that finds none waits for the answer that is on its way. When Redis says that
 * the bucket is empty, calls are refused by that word until there is a token again, so that a flood costs Redis nothing.
 */
export class RateLease {
  usedAtMs = 0
  readonly #office: LeaseOffice
  readonly #scope: string
  readonly #share = new TokenBucket()
  #rate: Rate
  #tokens = 0
  /** Tokens that were left for all when Redis was asked last. */
  #left = 0
  #emptyUntilMs = 0
  #isAsking = false
  #waiting: ((waitMs: number) => void)[] = []

  constructor(office: LeaseOffice, scope: string, rate: Rate) {
    this.#office = office
    this.#scope = scope
    this.#rate = rate
  }

  /** 0: the call may go on. Otherwise the milliseconds after which it is worth to try again. */
  take(rate: Rate): number | Promise<number> {
    const now = performance.now()
    this.#rate = rate
    this.usedAtMs = now
    if (this.#tokens >= 1 && this.#waiting.length === 0) {
      this.#tokens -= 1
      if (this.#tokens < this.#batch() / 2 && this.#batch() > 1) this.#ask()
      return 0
    }
    if (now < this.#emptyUntilMs) return Math.ceil(this.#emptyUntilMs - now)
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#waiting.push(resolve)
    this.#ask()
    return promise
  }

  /** The call that took a token does not go on after all. */
  giveBack(): void {
    this.#tokens += 1
  }

  /** Tokens that are left, as far as this gateway knows. */
  get left(): number {
    return Math.min(this.#rate.burst, this.#tokens + this.#left)
  }

  /** Hands back what nobody has asked for. */
  tidy(nowMs: number): void {
    if (this.#tokens < 1 || this.#isAsking || nowMs - this.usedAtMs < KEEP_MS) return
    const want = -this.#tokens
    this.#tokens = 0
    this.#lease(want)?.catch(() => undefined)
  }

  #batch(): number {
    const { perSecond, burst } = this.#rate
    return Math.max(1, Math.min(Math.ceil(perSecond * AHEAD_SECONDS), Math.ceil(burst / 4)))
  }

  #lease(want: number) {
    const { perSecond, burst } = this.#rate
    return this.#office.takeTokens({ scope: this.#scope, ratePerSecond: perSecond, burst, want })
  }

  #ask(): void {
    if (this.#isAsking || performance.now() < this.#emptyUntilMs) return
    const want = Math.max(this.#batch(), this.#waiting.length)
    const answer = this.#lease(want)
    if (!answer) {
      this.#byShare()
      return
    }
    this.#isAsking = true
    answer.then(
      ({ granted, left, waitMs }) => {
        this.#isAsking = false
        this.#tokens += granted
        this.#left = left
        if (waitMs > 0) this.#emptyUntilMs = performance.now() + waitMs
        this.#serve(waitMs)
      },
      () => {
        this.#isAsking = false
        this.#byShare()
      },
    )
  }

  /** Gives what there is to those who wait; more is asked for where there is more, which `waitMs` says: 0 when there is. */
  #serve(waitMs: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const [index, answer] of waiting.entries()) {
      if (this.#tokens >= 1) {
        this.#tokens -= 1
        answer(0)
      } else if (waitMs > 0) {
        answer(waitMs)
      } else {
        this.#waiting = waiting.slice(index)
        this.#ask()
        return
      }
    }
  }

  /** Redis is away: this gateway's share of the rate, as if all gateways had the same to do. */
  #byShare(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const { perSecond, burst } = this.#rate
    const share = { perSecond: perSecond / this.#office.gateways, burst: Math.max(1, burst / this.#office.gateways) }
    for (const answer of waiting) answer(this.#share.take(share, performance.now()))
  }
}
