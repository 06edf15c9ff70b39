import type { Replica } from '@pushfn/engine/engine'
import { type Endpoint, type Route, routeKey } from '@pushfn/model/route'
import type { Redis } from '@pushfn/store/redis'
import { changeRoutes, holdsRoutes, replaceRoutes } from '@pushfn/store/route-store'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import { type RouteBounds, routePolicy } from './route-policy.ts'
import { openTurns } from './turns.ts'

/**
 * The routes as the controller wants them, and their way to Redis. What is here is right; what is in Redis follows, at
 * once when Redis answers, at the next resync when it does not.
 */
export interface RouteTable {
  /** Publishes the route when it differs. A Redis that is away is told to `onError`, never thrown. */
  put(route: Route): Promise<void>
  /** Takes a route into the table alone; `publishAll` is to follow. */
  fill(route: Route): void
  remove(key: string): Promise<void>
  get(key: string): Route | undefined
  keys(): string[]
  /**
   * Makes Redis equal to this table: after a start, or when Redis lost it. While Redis still has what was last published,
   * nothing is compared. Throws when Redis is away.
   */
  publishAll(): Promise<void>
  /** The version by which Redis has all of this table; undefined while it has not. */
  publishedVersion(): number | undefined
}

export const openRouteTable = (redis: Redis, cloud: string, onError: (err: unknown) => void): RouteTable => {
  const table = new Map<string, Route>()
  // One after the other: what was read of Redis before a change must not be made good after it.
  const inTurn = openTurns()
  let version: number | undefined
  let isBehind = true
  const change = (what: { put?: Route[]; remove?: string[] }): Promise<void> =>
    inTurn('', async () => {
      try {
        version = await changeRoutes(redis, cloud, what)
      } catch (err) {
        isBehind = true
        onError(err)
      }
    })
  return {
    put: async (route) => {
      const before = table.get(routeKey(route))
      if (before && JSON.stringify(before) === JSON.stringify(route)) return
      table.set(routeKey(route), route)
      await change({ put: [route] })
    },
    fill: (route) => {
      table.set(routeKey(route), route)
      isBehind = true
    },
    remove: async (key) => {
      if (table.delete(key)) await change({ remove: [key] })
    },
    get: (key) => table.get(key),
    keys: () => [...table.keys()],
    publishAll: () =>
      inTurn('', async () => {
        try {
          if (!isBehind && version !== undefined && (await holdsRoutes(redis, cloud, version, table.size))) return
          version = await replaceRoutes(redis, cloud, [...table.values()])
          isBehind = false
        } catch (err) {
          isBehind = true
          throw err
        }
      }),
    publishedVersion: () => (isBehind ? undefined : version),
  }
}

/** The route of what is live under an alias over these replicas, and how its calls are split. */
export const liveRoute = (
  state: Pick<WantedState, 'host' | 'tenant' | 'name' | 'tenantLimits' | 'split'>,
  revision: RevisionState,
  replicas: readonly Replica[],
  bounds: RouteBounds,
): Route => ({
  host: state.host,
  function: state.name,
  tenant: state.tenant,
  revision: revision.id,
  endpoints: replicas
    .flatMap((replica): Endpoint[] =>
      replica.state === 'running' && replica.address ? [{ id: replica.id, address: replica.address }] : [],
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  policy: { ...routePolicy(revision.spec, bounds), tenantLimits: state.tenantLimits },
  ...splitOfRoute(state, revision),
})

/** A canary is beside the revision that was live when it began, and no other. */
export const splitOfRoute = ({ split }: Pick<WantedState, 'split'>, revision: RevisionState): Pick<Route, 'split'> => {
  if (split?.baselineId !== revision.id) return {}
  const { id, host, weight } = split
  return { split: { id, host, weight } }
}

export const liveRouteKey = (state: Pick<WantedState, 'host' | 'name'>): string =>
  routeKey({ host: state.host, function: state.name })
