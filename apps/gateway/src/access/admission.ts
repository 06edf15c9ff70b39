import type { CorsPolicy } from '@pushfn/model/access-policy'
import type { Problem } from '../problem.ts'
import { sayOrigin, withoutOwnCors } from './cors.ts'
import type { Limit } from './limits.ts'

/** What the door of a function decided about one call. */
export class Admission {
  /** Why the call may not go on; undefined when it may. */
  problem: Problem | undefined
  /** The headers of the 204 by which the gateway answers a preflight request itself; undefined for every other call. */
  preflight: string[] | undefined
  /** Whether the Authorization header was for the gateway, so that the function must not see it. */
  isTokenOurs = false
  readonly #cors: CorsPolicy | null
  readonly #origin: string | undefined
  #limits: readonly Limit[] = []
  #policies = ''

  constructor(cors: CorsPolicy | null, origin: string | undefined) {
    this.#cors = cors
    this.#origin = origin
  }

  /** The limits that this call has met. */
  met(limits: readonly Limit[], policies: string): void {
    this.#limits = limits
    this.#policies = policies
  }

  /** Says on the answer, the function's or the gateway's own, what callers need to know. */
  sign(headers: string[]): void {
    if (this.#cors) {
      if (this.preflight === undefined) withoutOwnCors(headers)
      sayOrigin(this.#cors, this.#origin, headers)
    }
    if (this.#policies === '') return
    headers.push('RateLimit-Policy', this.#policies)
    let state = ''
    for (const limit of this.#limits) {
      if (limit.state) state += state === '' ? limit.state() : `, ${limit.state()}`
    }
    if (state !== '') headers.push('RateLimit', state)
  }
}
