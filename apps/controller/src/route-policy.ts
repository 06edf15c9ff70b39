import type { Configuration } from '@pushfn/kit/configuration'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import { RoutePolicy } from '@pushfn/model/route'
import type { settings } from './settings.ts'

/** The most that this cloud lets a function have of what gateways keep for it. */
export type RouteBounds = Pick<Configuration<typeof settings>, 'maxBodyBytes' | 'maxHeldCalls' | 'maxHeldMs'>

/** What gateways are told of a revision's spec. */
export const routePolicy = ({ timeouts, scale, access }: FunctionSpec, bounds: RouteBounds): RoutePolicy =>
  RoutePolicy.parse({
    responseTimeoutMs: timeouts.responseMs,
    idleTimeoutMs: timeouts.idleMs,
    answerTimeoutMs: timeouts.answerMs,
    maxBodyBytes: Math.min(bounds.maxBodyBytes, access.maxBodyBytes ?? bounds.maxBodyBytes),
    maxInflight: scale.maxInflight,
    hold: {
      calls: Math.min(bounds.maxHeldCalls, scale.holdCalls ?? bounds.maxHeldCalls),
      ms: Math.min(bounds.maxHeldMs, scale.holdMs ?? bounds.maxHeldMs),
    },
    auth: access.auth,
    cors: access.cors,
    limits: access.limits,
    maxHeaderBytes: access.maxHeaderBytes,
  })
