/** What takes turns: a lane of a tenant that may have a call and room to run it. */
export interface Taker {
  readonly tenant: string
  /** Whether it could use a place now. Asked again when its turn comes. */
  isReady(): boolean
}

interface Tenant<T> {
  running: number
  /** Those that wait for their turn, each once. */
  ready: Set<T>
}

/**
 * Who gets the next free place: tenants in turn, and within each its lanes in turn. A tenant never has more places than
 * its share, so that one with a million calls leaves room for another's first. Nothing here waits or does I/O.
 */
export class Turns<T extends Taker> {
  readonly #places: number
  readonly #placesOfTenant: number
  readonly #tenants = new Map<string, Tenant<T>>()
  /** Tenants with a ready lane and a place left, in the order of their turns. */
  readonly #line = new Set<string>()
  #running = 0

  constructor(places: number, placesOfTenant: number) {
    this.#places = places
    this.#placesOfTenant = placesOfTenant
  }

  get running(): number {
    return this.#running
  }

  /** Puts a taker in line when it is ready and not there yet. To be called whenever it may have become ready. */
  offer(taker: T): void {
    if (!taker.isReady()) return
    const tenant = this.#tenants.get(taker.tenant) ?? { running: 0, ready: new Set() }
    this.#tenants.set(taker.tenant, tenant)
    tenant.ready.add(taker)
    if (tenant.running < this.#placesOfTenant) this.#line.add(taker.tenant)
  }

  withdraw(taker: T): void {
    this.#tenants.get(taker.tenant)?.ready.delete(taker)
  }

  /** Gives a place to the next in turn; `leave` takes it back. Undefined when there is no place, or nobody for it. */
  next(): T | undefined {
    if (this.#running >= this.#places) return undefined
    for (const name of this.#line) {
      this.#line.delete(name)
      const tenant = this.#tenants.get(name)
      const taker = tenant && firstReady(tenant.ready)
      if (!tenant || !taker) continue
      this.#running += 1
      tenant.running += 1
      if (tenant.ready.size > 0 && tenant.running < this.#placesOfTenant) this.#line.add(name)
      return taker
    }
    return undefined
  }

  leave(taker: T): void {
    const tenant = this.#tenants.get(taker.tenant)
    if (!tenant) return
    this.#running -= 1
    tenant.running -= 1
    if (tenant.ready.size > 0) this.#line.add(taker.tenant)
    else if (tenant.running === 0) this.#tenants.delete(taker.tenant)
  }

  /** Whether a taker may keep its place for its next call: nobody in line could have it instead. */
  mayKeep(taker: T): boolean {
    if (this.#line.size > 0) return false
    return (this.#tenants.get(taker.tenant)?.ready.size ?? 0) === 0
  }
}

const firstReady = <T extends Taker>(ready: Set<T>): T | undefined => {
  for (const taker of ready) {
    ready.delete(taker)
    if (taker.isReady()) return taker
  }
  return undefined
}
