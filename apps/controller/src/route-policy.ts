import type { FunctionSpec } from '@pushfn/model/function-spec'
import { RoutePolicy } from '@pushfn/model/route'

/** What gateways are told of a revision's spec. `maxBodyBytes` is the cloud's own limit. */
export const routePolicy = ({ timeouts, scale, access }: FunctionSpec, maxBodyBytes: number): RoutePolicy =>
  RoutePolicy.parse({
    responseTimeoutMs: timeouts.responseMs,
    idleTimeoutMs: timeouts.idleMs,
    maxBodyBytes: Math.min(maxBodyBytes, access.maxBodyBytes ?? maxBodyBytes),
    maxInflight: scale.maxInflight,
    auth: access.auth,
    cors: access.cors,
    limits: access.limits,
    maxHeaderBytes: access.maxHeaderBytes,
  })
