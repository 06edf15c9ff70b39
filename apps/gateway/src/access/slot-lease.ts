import type { LeaseOffice } from './lease-office.ts'

/**
 * This gateway's part of a limit on calls under way over all gateways. A slot that a call has left is kept for the next
 * one; what the last moments did not need goes back, so that another gateway can have it. The sum over all gateways never
 * passes the limit while Redis is there; each has its share while it is not.
 */
export class SlotLease {
  inUse = 0
  usedAtMs = 0
  readonly #office: LeaseOffice
  readonly #scope: string
  #limit: number
  /** Slots that this gateway holds, in use or not. */
  #held = 0
  #peak = 0
  #isAsking = false
  #waiting: ((isTaken: boolean) => void)[] = []

  constructor(office: LeaseOffice, scope: string, limit: number) {
    this.#office = office
    this.#scope = scope
    this.#limit = limit
  }

  /** Whether the call may go on; it must be counted out by `release` then. */
  take(limit: number): boolean | Promise<boolean> {
    this.#limit = limit
    this.usedAtMs = performance.now()
    if (this.inUse < this.#held && this.inUse < limit && this.#waiting.length === 0) {
      this.#enter()
      return true
    }
    if (this.inUse + this.#waiting.length >= limit) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.push(resolve)
    this.#ask()
    return promise
  }

  release(): void {
    this.inUse -= 1
  }

  /** Hands back what the time since the last call of this did not need; now and then says anew what is held. */
  tidy(isRenewal: boolean): void {
    const want = Math.max(this.#peak, this.inUse)
    this.#peak = this.inUse
    const isSurplus = want < this.#held
    const isToBeSaid = isRenewal && (this.#held > 0 || this.inUse > 0)
    if (this.#isAsking || !(isSurplus || isToBeSaid)) return
    // Lowered before Redis knows: what goes back must not be taken while it is on its way.
    this.#held = Math.min(want, this.#held)
    this.#hold(this.#held)
  }

  #enter(): void {
    this.inUse += 1
    this.#peak = Math.max(this.#peak, this.inUse)
  }

  #ask(): void {
    if (!this.#isAsking) this.#hold(Math.min(this.#limit, this.inUse + this.#waiting.length))
  }

  #hold(want: number): void {
    const answer = this.#office.holdSlots({ scope: this.#scope, want, least: this.inUse, limit: this.#limit })
    if (!answer) {
      this.#byShare()
      return
    }
    this.#isAsking = true
    answer.then(
      (granted) => {
        this.#isAsking = false
        this.#held = granted
        this.#serve(granted < want)
      },
      () => {
        this.#isAsking = false
        this.#byShare()
      },
    )
  }

  /** Lets those in who wait, as far as slots are there; more are asked for unless all are taken. */
  #serve(isFull: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const [index, answer] of waiting.entries()) {
      if (this.inUse < Math.min(this.#held, this.#limit)) {
        this.#enter()
        answer(true)
      } else if (isFull || this.inUse >= this.#limit) {
        answer(false)
      } else {
        this.#waiting = waiting.slice(index)
        this.#ask()
        return
      }
    }
  }

  /** Redis is away: nothing is known of what others hold, so each has its share. */
  #byShare(): void {
    const share = Math.max(1, Math.floor(this.#limit / this.#office.gateways))
    const waiting = this.#waiting
    this.#waiting = []
    this.#held = 0
    for (const answer of waiting) {
      const isTaken = this.inUse < share
      if (isTaken) this.#enter()
      answer(isTaken)
    }
  }
}
