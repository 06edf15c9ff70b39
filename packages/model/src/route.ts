import { z } from 'zod'
import { CorsPolicy, RateLimits } from './access-policy.ts'

/**
 * A route is what the gateway knows of one alias of one function: (host label, function) → endpoints and policy. The
 * controller writes routes to Redis, gateways read them; the table can be rebuilt from the database at any time.
 */

/** One replica's `ip:port` as the gateway can reach it. */
export const Endpoint = z.object({
  /** The replica's id in the engine: what a drained message names. */
  id: z.string(),
  /** `10.210.0.2:8080`; IPv6 in brackets. */
  address: z.string(),
})
export type Endpoint = z.infer<typeof Endpoint>

export const RoutePolicy = z.object({
  /** Milliseconds to the first byte of the function's answer. */
  responseTimeoutMs: z.number().int().positive(),
  /** Milliseconds without a byte in either direction, after which a stream is cut. */
  idleTimeoutMs: z.number().int().positive(),
  /** Milliseconds that an answer may last once it has begun, a WebSocket too; null: as long as something moves. */
  answerTimeoutMs: z.number().int().positive().nullable().default(null),
  /** Bytes a request body may have. */
  maxBodyBytes: z.number().int().positive(),
  /** Calls that one replica is given at once, over all gateways; further ones are held. Null: as many as come. */
  maxInflight: z.number().int().positive().nullable().default(null),
  /** Calls that are held while no replica can take them: how many in one gateway, and for how long. */
  hold: z.object({ calls: z.number().int(), ms: z.number().int() }).default({ calls: 1_000, ms: 30_000 }),
  /** Async calls of the function that may run at once. */
  asyncConcurrency: z.number().int().positive().default(100),
  auth: z.enum(['none', 'token']).default('none'),
  cors: CorsPolicy.nullable().default(null),
  limits: RateLimits.nullable().default(null),
  /** Of all the tenant's functions together; null: as the gateway gives every tenant. */
  tenantLimits: RateLimits.nullable().default(null),
  /** Bytes that a request's headers may have together; null: as many as the gateway takes. */
  maxHeaderBytes: z.number().int().positive().nullable().default(null),
})
export type RoutePolicy = z.infer<typeof RoutePolicy>

/** Of the calls of a route, a part goes to another one of the same function, while that one can take them. */
export const RouteSplit = z.object({
  /** Calls are counted under it; another one begins anew. */
  id: z.string(),
  /** Of the other route. */
  host: z.string(),
  /** Percent. */
  weight: z.number().int().min(1).max(99),
})
export type RouteSplit = z.infer<typeof RouteSplit>

export const Route = z.object({
  /** First label(s) of the host under the functions domain: `<tenant>`, `<commit8>--<tenant>`, `pr-<n>-<repo>--<tenant>`. */
  host: z.string(),
  function: z.string(),
  tenant: z.string(),
  revision: z.string(),
  endpoints: z.array(Endpoint),
  policy: RoutePolicy,
  split: RouteSplit.optional(),
})
export type Route = z.infer<typeof Route>

/** `<host>/<function>`: `/` can be in neither part. */
export const routeKey = (route: Pick<Route, 'host' | 'function'>): string => `${route.host}/${route.function}`

/** The host and the function of a key. */
export const routeOfKey = (key: string): Pick<Route, 'host' | 'function'> => {
  const slash = key.indexOf('/')
  return { host: key.slice(0, slash), function: key.slice(slash + 1) }
}

/**
 * One change of the table, as published on the channel. `version` is the table's version after the change and grows by
 * one; a gateway that misses one reads the whole table again.
 */
export const RouteChange = z.object({
  version: z.number().int(),
  put: z.array(Route).default([]),
  /** Route keys that are no more. */
  remove: z.array(z.string()).default([]),
})
export type RouteChange = z.infer<typeof RouteChange>

/**
 * What a gateway says back. `applied`: it serves by this version. `drained`: no request of it is at this endpoint any more.
 * `wake`: it holds calls of this route and knows no endpoint; said again each second while it does.
 */
export const GatewayMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('applied'), gateway: z.string(), version: z.number().int() }),
  z.object({ kind: z.literal('drained'), gateway: z.string(), endpoint: z.string() }),
  z.object({ kind: z.literal('wake'), gateway: z.string(), host: z.string(), function: z.string() }),
])
export type GatewayMessage = z.infer<typeof GatewayMessage>

/** Redis keys and channels of the route table; `cloud` keeps several clouds on one Redis apart. */
export const routeKeys = (cloud: string) => ({
  /** Hash: route key → Route as JSON. */
  table: `${cloud}:routes`,
  /** Integer, grows by one with every change. */
  version: `${cloud}:routes:version`,
  /** Channel of RouteChange as JSON. */
  changes: `${cloud}:routes:changes`,
  /** Channel of GatewayMessage as JSON. */
  gateways: `${cloud}:gateways`,
  /** Sorted set: gateway id → time of its last heartbeat (ms); a gateway unheard for 10 s is gone. */
  heartbeats: `${cloud}:gateways:heartbeats`,
})
