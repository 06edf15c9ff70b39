import type { RateLimits } from '@pushfn/model/access-policy'
import { type Problem, problems } from '../problem.ts'
import type { LeaseOffice } from './lease-office.ts'
import { RateLease } from './rate-lease.ts'
import { SlotLease } from './slot-lease.ts'
import type { Rate } from './token-bucket.ts'

/** What a limit counts. */
export interface LimitScope {
  /** Whose limit it is, as callers read it. */
  whose: 'function' | 'tenant'
  /** Its name among all of the cloud: `fn:ada/hello`, `tenant:ada`. */
  key: string
  /** `<function>.<tenant>`, for what a caller is told. */
  function: string
}

/**
 * One limit as a call meets it. `take` gives undefined when the call may go on, else what its caller is told; a promise
 * only when Redis must be asked. What was taken is given back by `undo` when the call does not go on after all.
 */
export interface Limit {
  take(): Problem | undefined | Promise<Problem | undefined>
  undo(): void
  /** Counts the call out at its end; absent where there is nothing to count out. */
  release?: () => void
  /** The item of `RateLimit-Policy`. */
  readonly policy: string
  /** The item of `RateLimit` now; absent where nobody can tell what is left. */
  state?: () => string
}

const TIDY_MS = 100
const RENEW_EVERY = 30
const FORGET_MS = 60_000

/** Leases by scope, shared by all routes of a function and kept while a route is put anew; forgotten when idle. */
export class Limits {
  readonly #office: LeaseOffice
  readonly #rates = new Map<string, RateLease>()
  readonly #slots = new Map<string, SlotLease>()
  readonly #timer: NodeJS.Timeout
  #round = 0

  constructor(office: LeaseOffice) {
    this.#office = office
    this.#timer = setInterval(() => this.#tidy(), TIDY_MS)
    this.#timer.unref()
  }

  /** The limits of a policy in the order in which calls meet them: what can be given back exactly comes first. */
  of(scopes: readonly { scope: LimitScope; limits: RateLimits }[]): Limit[] {
    return [
      ...scopes.flatMap(({ scope, limits }) =>
        limits.concurrentRequests === null ? [] : [this.#slotLimit(scope, limits.concurrentRequests)],
      ),
      ...scopes.flatMap(({ scope, limits }) => {
        const { requestsPerSecond, burst } = limits
        if (requestsPerSecond === null) return []
        const rate = { perSecond: requestsPerSecond, burst: burst ?? Math.max(1, Math.ceil(requestsPerSecond)) }
        return [this.#rateLimit(scope, rate)]
      }),
    ]
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #slotLimit(scope: LimitScope, limit: number): Limit {
    const problem = problems.tooManyAtOnce(scope, limit)
    const told = (isTaken: boolean) => (isTaken ? undefined : problem)
    return {
      policy: `"${scope.whose}-concurrency";q=${limit};qu="concurrent-requests"`,
      take: () => {
        const isTaken = this.#slotsOf(scope.key, limit).take(limit)
        return typeof isTaken === 'boolean' ? told(isTaken) : isTaken.then(told)
      },
      undo: () => this.#slotsOf(scope.key, limit).release(),
      release: () => this.#slotsOf(scope.key, limit).release(),
    }
  }

  #rateLimit(scope: LimitScope, rate: Rate): Limit {
    const told = (waitMs: number) => (waitMs === 0 ? undefined : problems.tooManyRequests(scope, rate, waitMs))
    return {
      policy: `"${scope.whose}";q=${rate.burst};w=${Math.max(1, Math.ceil(rate.burst / rate.perSecond))}`,
      take: () => {
        const waitMs = this.#rateOf(scope.key, rate).take(rate)
        return typeof waitMs === 'number' ? told(waitMs) : waitMs.then(told)
      },
      undo: () => this.#rateOf(scope.key, rate).giveBack(),
      state: () => {
        const { left } = this.#rateOf(scope.key, rate)
        return `"${scope.whose}";r=${left};t=${Math.ceil((rate.burst - left) / rate.perSecond)}`
      },
    }
  }

  #rateOf(key: string, rate: Rate): RateLease {
    const known = this.#rates.get(key)
    if (known) return known
    const lease = new RateLease(this.#office, key, rate)
    this.#rates.set(key, lease)
    return lease
  }

  #slotsOf(key: string, limit: number): SlotLease {
    const known = this.#slots.get(key)
    if (known) return known
    const lease = new SlotLease(this.#office, key, limit)
    this.#slots.set(key, lease)
    return lease
  }

  #tidy(): void {
    const now = performance.now()
    this.#round += 1
    const isRenewal = this.#round % RENEW_EVERY === 0
    for (const [key, lease] of this.#rates) {
      lease.tidy(now)
      if (now - lease.usedAtMs > FORGET_MS) this.#rates.delete(key)
    }
    for (const [key, lease] of this.#slots) {
      lease.tidy(isRenewal)
      if (lease.inUse === 0 && now - lease.usedAtMs > FORGET_MS) this.#slots.delete(key)
    }
  }
}
