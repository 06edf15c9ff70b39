import type { Replica } from '@pushfn/engine/engine'
import { type Endpoint, type Route, routeKey } from '@pushfn/model/route'
import type { Redis } from '@pushfn/store/redis'
import { changeRoutes, replaceRoutes } from '@pushfn/store/route-store'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'

/**
 * The routes as the controller wants them, and their way to Redis. What is here is right; what is in Redis follows, at
 * once when Redis answers, at the next resync when it does not.
 */
export interface RouteTable {
  /** Publishes the route when it differs; returns the table's version, undefined when Redis did not take it. */
  put(route: Route): Promise<number | undefined>
  remove(key: string): Promise<number | undefined>
  get(key: string): Route | undefined
  keys(): string[]
  /** Makes Redis equal to this table: after a start, or when Redis lost it. Throws when Redis is away. */
  publishAll(): Promise<void>
}

export const openRouteTable = (redis: Redis, cloud: string, onError: (err: unknown) => void): RouteTable => {
  const table = new Map<string, Route>()
  const change = async (what: { put?: Route[]; remove?: string[] }): Promise<number | undefined> => {
    try {
      return await changeRoutes(redis, cloud, what)
    } catch (err) {
      onError(err)
      return undefined
    }
  }
  return {
    put: async (route) => {
      const before = table.get(routeKey(route))
      if (before && JSON.stringify(before) === JSON.stringify(route)) return undefined
      table.set(routeKey(route), route)
      return change({ put: [route] })
    },
    remove: async (key) => (table.delete(key) ? change({ remove: [key] }) : undefined),
    get: (key) => table.get(key),
    keys: () => [...table.keys()],
    publishAll: async () => {
      await replaceRoutes(redis, cloud, [...table.values()])
    },
  }
}

/** The route of a function's live revision over these replicas. */
export const liveRoute = (
  state: Pick<WantedState, 'tenant' | 'name'>,
  revision: RevisionState,
  replicas: readonly Replica[],
  maxBodyBytes: number,
): Route => ({
  host: state.tenant,
  function: state.name,
  tenant: state.tenant,
  revision: revision.id,
  endpoints: replicas
    .flatMap((replica): Endpoint[] =>
      replica.state === 'running' && replica.address ? [{ id: replica.id, address: replica.address }] : [],
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  policy: {
    responseTimeoutMs: revision.spec.timeouts.responseMs,
    idleTimeoutMs: revision.spec.timeouts.idleMs,
    maxBodyBytes,
  },
})

export const liveRouteKey = (state: Pick<WantedState, 'tenant' | 'name'>): string =>
  routeKey({ host: state.tenant, function: state.name })
