import { isIPv4, isIPv6 } from 'node:net'
import { AliasKind, aliasKind } from '@pushfn/model/alias'
import { Route, type RoutePolicy, routeKey } from '@pushfn/model/route'
import type { Gate } from './access/gate.ts'
import { CallStats, countedAs } from './call-stats.ts'
import { isEjected } from './ejection.ts'
import { PolicyPool } from './policy-pool.ts'
import { Split } from './split.ts'
import { Upstream, type UpstreamLimits } from './upstream.ts'

/** A route made ready to serve: what the hot path needs, found by one look-up. */
export interface RouteEntry {
  readonly policy: RoutePolicy
  readonly upstreams: readonly Upstream[]
  /** The route's own. */
  readonly stats: CallStats
  /** The function's door; undefined where everybody may come in. */
  readonly gate: Gate | undefined
  /** What part of its calls goes to another route; undefined where none does. */
  readonly split: Split | undefined
}

export interface ReplicaCount {
  /** `<function>.<tenant>` */
  functionName: string
  alias: AliasKind
  replicas: number
  /** Of these, those that are given no calls because they fail again and again. */
  ejected: number
}

export interface RouteTableEvents {
  /** An endpoint has left every route and no call is at it any more. */
  onDrained(endpoint: string): void
  /** An entry of the published table cannot be used; it is skipped and the rest served. */
  onBadEntry(key: string, problem: string): void
  /** The route of this key has changed; all when undefined. */
  onChanged(key: string | undefined): void
  /** A function has suddenly many calls more. */
  onLeap(): void
  /** How many calls a replica may be given at once was told; null: as many as come. */
  onLimit(upstream: Upstream, key: string, maxInflight: number | null): void
}

/** Makes the door of a route's function. */
export type GateOf = (route: Pick<Route, 'tenant' | 'function' | 'policy'>) => Gate | undefined

/** What a host label and a function can be, whatever Redis says: neither may hold the `/` that joins them. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** `10.1.2.3:8080`, `[fd00::1]:8080`. */
const ADDRESS = /^(?:([\d.]+)|\[([0-9a-f:]+)\]):(\d{1,5})$/i

/**
 * All routes in memory. Endpoints may be in several routes and are counted, so that the table knows when one has left the
 * last of them.
 */
export class RouteTable {
  #entries = new Map<string, RouteEntry>()
  readonly #upstreams = new Map<string, Upstream>()
  readonly #stats = new Map<string, CallStats>()
  /** What was counted under aliases that are gone, by function and kind: counters never go down. */
  readonly #past = new Map<string, CallStats>()
  /** By the key of the route that is split. */
  readonly #splits = new Map<string, Split>()
  readonly #policies = new PolicyPool()
  readonly #limits: UpstreamLimits
  readonly #events: RouteTableEvents

  readonly #gateOf: GateOf

  constructor(limits: UpstreamLimits, events: RouteTableEvents, gateOf: GateOf = () => undefined) {
    this.#gateOf = gateOf
    this.#limits = limits
    this.#events = events
  }

  get size(): number {
    return this.#entries.size
  }

  /** By `<host label>/<function>`. */
  find(key: string): RouteEntry | undefined {
    return this.#entries.get(key)
  }

  stats(): Iterable<CallStats> {
    return this.#stats.values()
  }

  past(): Iterable<CallStats> {
    return this.#past.values()
  }

  splits(): Iterable<Split> {
    return this.#splits.values()
  }

  /** How many replicas each function has, under `live` and, where any run, under its other aliases. */
  replicas(): ReplicaCount[] {
    const counts = new Map<string, ReplicaCount>()
    for (const { stats, upstreams } of this.#entries.values()) {
      if (stats.alias !== 'live' && upstreams.length === 0) continue
      const { functionName, alias } = stats
      const before = counts.get(countedAs(stats))
      const ejected = upstreams.filter((upstream) => isEjected(upstream.failing, upstream.nowMs)).length
      counts.set(countedAs(stats), {
        functionName,
        alias,
        replicas: (before?.replicas ?? 0) + upstreams.length,
        ejected: (before?.ejected ?? 0) + ejected,
      })
    }
    return [...counts.values()]
  }

  put(key: string, candidate: unknown): void {
    const entry = this.#ready(key, candidate)
    if (!entry) return
    const before = this.#entries.get(key)
    this.#entries.set(key, entry)
    if (before) this.#letGo(before)
    this.#events.onChanged(key)
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#splits.delete(key)
    this.#letGo(entry)
    this.#events.onChanged(key)
  }

  /**
   * Makes the table this one and nothing else; `pages` give keys and routes as JSON. Calls are served by the old table
   * until the new one is whole, and between two pages. A key may come twice: what it says later counts.
   */
  async replace(pages: AsyncIterable<readonly (readonly [key: string, text: string])[]>): Promise<void> {
    const next = new Map<string, RouteEntry>()
    try {
      for await (const page of pages) for (const [key, text] of page) this.#read(next, key, text)
    } catch (error) {
      for (const entry of next.values()) this.#letGo(entry)
      throw error
    }
    const before = this.#entries
    this.#entries = next
    for (const key of this.#splits.keys()) if (!next.has(key)) this.#splits.delete(key)
    for (const entry of before.values()) this.#letGo(entry)
    this.#events.onChanged(undefined)
  }

  #read(next: Map<string, RouteEntry>, key: string, text: string): void {
    const entry = this.#ready(key, parseJson(text)) ?? this.#keep(key)
    if (!entry) return
    const before = next.get(key)
    next.set(key, entry)
    if (before) this.#letGo(before)
  }

  /** A route whose new form cannot be read goes on in its old one. */
  #keep(key: string): RouteEntry | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    for (const upstream of entry.upstreams) this.#acquire(upstream)
    entry.stats.routes += 1
    return { ...entry }
  }

  #ready(key: string, candidate: unknown): RouteEntry | undefined {
    const parsed = Route.safeParse(candidate)
    const problem = parsed.success ? routeProblem(key, parsed.data) : parsed.error.message
    if (!parsed.success || problem) {
      this.#events.onBadEntry(key, problem ?? 'unknown')
      return undefined
    }
    const { endpoints, tenant, function: name, host } = parsed.data
    const policy = this.#policies.shared(parsed.data.policy)
    const upstreams = endpoints.map((endpoint) => this.#acquire(endpoint))
    for (const upstream of upstreams) {
      if (policy.maxInflight !== null || upstream.slots) {
        this.#events.onLimit(upstream, key, policy.maxInflight)
      }
    }
    return {
      policy,
      upstreams,
      stats: this.#statsOf(key, `${name}.${tenant}`, aliasKind({ tenant, host })),
      gate: this.#gateOf({ tenant, function: name, policy }),
      split: this.#splitOf(key, parsed.data),
    }
  }

  /** A split whose id stays goes on counting. */
  #splitOf(key: string, { split, function: name }: Route): Split | undefined {
    const known = this.#splits.get(key)
    if (split && known?.id === split.id) return known
    if (!split) {
      this.#splits.delete(key)
      return undefined
    }
    const made = new Split(split, routeKey({ host: split.host, function: name }))
    this.#splits.set(key, made)
    return made
  }

  #acquire(endpoint: { id: string; address: string }): Upstream {
    const known = this.#upstreams.get(endpoint.id)
    if (known?.address === endpoint.address) {
      known.routes += 1
      known.onIdle = undefined
      return known
    }
    const upstream = new Upstream(endpoint, this.#limits)
    upstream.routes = 1
    this.#upstreams.set(endpoint.id, upstream)
    if (known) whenIdle(known, () => known.close())
    return upstream
  }

  #statsOf(key: string, functionName: string, alias: AliasKind): CallStats {
    const stats = this.#stats.get(key) ?? new CallStats(functionName, { alias, key, onLeap: this.#events.onLeap })
    if (stats.routes === 0) this.#stats.set(key, stats)
    stats.routes += 1
    return stats
  }

  #letGo(entry: RouteEntry): void {
    for (const upstream of entry.upstreams) this.#letGoOf(upstream)
    const { stats } = entry
    stats.routes -= 1
    if (stats.routes > 0) return
    this.#stats.delete(stats.key)
    if (stats.alias !== 'live') this.#remember(stats)
    else for (const alias of AliasKind.options) this.#past.delete(countedAs({ ...stats, alias }))
  }

  #remember(stats: CallStats): void {
    if (stats.started === 0 && stats.byCode.length === 0) return
    const { functionName, alias, started, coldStarts, byCode } = stats
    const past = this.#past.get(countedAs(stats)) ?? new CallStats(functionName, { alias })
    this.#past.set(countedAs(stats), past)
    past.add({ functionName, alias, started, coldStarts, byCode, inFlight: 0, held: 0 })
  }

  #letGoOf(upstream: Upstream): void {
    // A replica that came back under another address has a new upstream; the old one is closed already.
    if (this.#upstreams.get(upstream.id) !== upstream) return
    upstream.routes -= 1
    if (upstream.routes > 0) return
    whenIdle(upstream, () => {
      upstream.close()
      if (upstream.slots) this.#events.onLimit(upstream, '', null)
      this.#upstreams.delete(upstream.id)
      this.#events.onDrained(upstream.id)
    })
  }
}

const whenIdle = (upstream: Upstream, act: () => void): void => {
  if (upstream.inFlight === 0) {
    act()
    return
  }
  upstream.onIdle = () => {
    upstream.onIdle = undefined
    act()
  }
}

const routeProblem = (key: string, route: Route): string | undefined => {
  if (routeKey(route) !== key) return `the entry is of ${JSON.stringify(routeKey(route))}`
  // Nobody's calls are ever another tenant's.
  if (route.split && !route.split.host.endsWith(`--${route.tenant}`)) return 'it is split with another tenant'
  if (!LABEL.test(route.host) || !LABEL.test(route.function)) return 'host or function is no DNS label'
  const wrong = route.endpoints.find(({ address }) => !isAddress(address))
  return wrong && `the endpoint ${JSON.stringify(wrong.address)} is no ip:port`
}

const isAddress = (address: string): boolean => {
  const [, ipv4, ipv6, port] = ADDRESS.exec(address) ?? []
  return Number(port) <= 65_535 && (ipv4 ? isIPv4(ipv4) : isIPv6(ipv6 ?? ''))
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
