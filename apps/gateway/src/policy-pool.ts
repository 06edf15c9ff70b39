import type { RoutePolicy } from '@pushfn/model/route'

const MOST = 10_000

/**
 * Equal policies are one object: nearly all functions of a cloud have the same, and a policy would weigh as much as all the
 * rest of its route. Where there are very many different ones the pool begins anew, and nothing but memory is lost.
 */
export class PolicyPool {
  readonly #policies = new Map<string, RoutePolicy>()

  /** The object that stands for all policies equal to this one. */
  shared(policy: RoutePolicy): RoutePolicy {
    const key = JSON.stringify(policy)
    const known = this.#policies.get(key)
    if (known) return known
    if (this.#policies.size === MOST) this.#policies.clear()
    this.#policies.set(key, policy)
    return policy
  }
}
