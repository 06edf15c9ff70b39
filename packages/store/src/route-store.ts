import { Route, type RouteChange, routeKey, routeKeys } from '@pushfn/model/route'
import type { Redis } from './redis.ts'

/**
 * Writes the route table that gateways read. Only the controller that leads calls this. Table, version and message
 * change in one step, so that a gateway sees every version or knows that it missed one. A table that Redis lost begins
 * anew by the clock, above every version that gateways may have.
 */
const CHANGE = `
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SET', KEYS[2], redis.call('TIME')[1] .. '000') end
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], '{"version":' .. version .. ',' .. string.sub(ARGV[1], 2))
return version`

/** Puts and removes routes, and returns the table's new version. Throws when Redis is away. */
export const changeRoutes = async (
  redis: Redis,
  cloud: string,
  change: { put?: readonly Route[]; remove?: readonly string[] },
): Promise<number> => {
  const keys = routeKeys(cloud)
  const put = change.put ?? []
  const remove = change.remove ?? []
  const message: Omit<RouteChange, 'version'> = { put: [...put], remove: [...remove] }
  const pairs = [
    ...put.flatMap((route) => [routeKey(route), JSON.stringify(route)]),
    ...remove.flatMap((key) => [key, '']),
  ]
  const version = await redis.eval(CHANGE, 3, keys.table, keys.version, keys.changes, JSON.stringify(message), ...pairs)
  return Number(version)
}

/** The keys and texts of the table as it stands. */
export const readRoutes = (redis: Redis, cloud: string): Promise<Record<string, string>> =>
  redis.hgetall(routeKeys(cloud).table)

/**
 * How many endpoints each of the routes has, by its key; a route that is not in the table has none. Undefined while Redis
 * is away.
 */
export const countEndpoints = async (
  redis: Redis,
  cloud: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number> | undefined> => {
  if (keys.length === 0) return new Map()
  const texts = await redis.hmget(routeKeys(cloud).table, ...keys).catch(() => undefined)
  if (!texts) return undefined
  const counts = texts.map((text) => (text === null ? 0 : Route.parse(JSON.parse(text)).endpoints.length))
  return new Map(keys.map((key, n) => [key, counts[n] ?? 0]))
}

/**
 * Makes the table equal to `routes` by changing only what differs: after a restart, or when Redis lost it. Returns the
 * table's version.
 */
export const replaceRoutes = async (redis: Redis, cloud: string, routes: readonly Route[]): Promise<number> => {
  const there = await readRoutes(redis, cloud)
  const version = await redis.get(routeKeys(cloud).version)
  const put = routes.filter((route) => there[routeKey(route)] !== JSON.stringify(route))
  const wanted = new Set(routes.map(routeKey))
  const remove = Object.keys(there).filter((key) => !wanted.has(key))
  // A version that Redis lost is begun anew.
  if (put.length + remove.length === 0 && version !== null) return Number(version)
  let changed = await changeRoutes(redis, cloud, { put: put.slice(0, SLICE), remove })
  for (let from = SLICE; from < put.length; from += SLICE) {
    changed = await changeRoutes(redis, cloud, { put: put.slice(from, from + SLICE) })
  }
  return changed
}

/** A gateway reads one message at a stretch; ten thousand routes in one would hold up its calls. */
const SLICE = 250

/** Whether the table stands at this version, with as many routes. Who writes it raises the version. */
export const holdsRoutes = async (redis: Redis, cloud: string, version: number, count: number): Promise<boolean> => {
  const keys = routeKeys(cloud)
  const [there, size] = await Promise.all([redis.get(keys.version), redis.hlen(keys.table)])
  return Number(there) === version && size === count
}
