import { Route, routeKey, routeKeys } from '@pushfn/model/route'
import type { LaneOf } from '@pushfn/store/calls/call-keys'
import type { Redis } from '@pushfn/store/redis'

/**
 * How many async calls of a function may run at once: as many as its policy says, and no more than its replicas take. A
 * function that sleeps counts as one replica, whom the first call wakes; one that has no route gets a single call through,
 * to find out.
 */
export const capacityOf = (route: Route | undefined): number => {
  if (!route) return 1
  const { asyncConcurrency, maxInflight } = route.policy
  if (maxInflight === null) return asyncConcurrency
  return Math.min(asyncConcurrency, maxInflight * Math.max(1, route.endpoints.length))
}

/** By the route table as the controller has written it. */
export const readCapacity = async (redis: Redis, cloud: string, of: Omit<LaneOf, 'kind'>): Promise<number> => {
  const text = await redis.hget(
    routeKeys(cloud).table,
    routeKey({ host: of.hostLabel ?? of.tenant, function: of.function }),
  )
  return capacityOf(text === null ? undefined : Route.safeParse(JSON.parse(text)).data)
}
