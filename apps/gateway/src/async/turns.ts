/** What takes turns: a lane of a tenant that may have a call and room to run it. */
export interface Taker {
  readonly tenant: string
  /** Places that it has. */
  readonly places: number
  /** Whether it could use a place now. Asked again when its turn comes. */
  isReady(): boolean
}

interface Tenant<T> {
  running: number
  /** Those that wait for their turn, each once. */
  ready: Set<T>
}

/**
 * Who gets the next free place: tenants in turn, and within each its lanes in turn. A tenant may have as many places as it
 * leaves free, and a lane as many as it leaves to its tenant (the dynamic thresholds by which switches share their
 * buffers, Choudhury and Hahne 1998): one alone gets half, each of n gets an nth of what is left of all after as much
 * was kept free. So there is room for the first call of whoever comes, however many calls others have and however long
 * they take. Nothing here waits or does I/O.
 */
export class Turns<T extends Taker> {
  readonly #places: number
  readonly #placesOfTenant: number
  readonly #tenants = new Map<string, Tenant<T>>()
  /** Tenants with a ready lane, in the order of their turns. */
  readonly #line = new Set<string>()
  /** Those that were passed over: they have as much as they may, until a place is given back. */
  readonly #passed = new Set<string>()
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
    this.#passed.delete(taker.tenant)
    this.#line.add(taker.tenant)
  }

  withdraw(taker: T): void {
    const tenant = this.#tenants.get(taker.tenant)
    tenant?.ready.delete(taker)
    if (tenant) this.#forgetIfIdle(taker.tenant, tenant)
  }

  /** Gives a place to the next in turn; `leave` takes it back. Undefined when there is nobody for whom there is one. */
  next(): T | undefined {
    for (const name of this.#line) {
      this.#line.delete(name)
      const tenant = this.#tenants.get(name)
      if (!tenant) continue
      const taker = this.#firstOf(tenant)
      if (taker) {
        this.#running += 1
        tenant.running += 1
        if (tenant.ready.size > 0) this.#line.add(name)
        return taker
      }
      if (tenant.ready.size > 0) this.#passed.add(name)
      else this.#forgetIfIdle(name, tenant)
    }
    return undefined
  }

  leave(taker: T): void {
    const tenant = this.#tenants.get(taker.tenant)
    if (!tenant) return
    this.#running -= 1
    tenant.running -= 1
    for (const name of this.#passed) this.#line.add(name)
    this.#passed.clear()
    this.#forgetIfIdle(taker.tenant, tenant)
  }

  /** Whether a taker may keep its place for its next call: nobody waits who could have it instead. */
  mayKeep(taker: T): boolean {
    return this.#line.size === 0 && this.#passed.size === 0 && !this.#tenants.get(taker.tenant)?.ready.size
  }

  #firstOf({ ready, running }: Tenant<T>): T | undefined {
    if (running >= this.#places - this.#running) return undefined
    const left = this.#placesOfTenant - running
    for (const taker of ready) {
      if (!taker.isReady()) ready.delete(taker)
      else if (taker.places < left) {
        ready.delete(taker)
        return taker
      }
    }
    return undefined
  }

  #forgetIfIdle(name: string, tenant: Tenant<T>): void {
    if (tenant.running === 0 && tenant.ready.size === 0) this.#tenants.delete(name)
  }
}
