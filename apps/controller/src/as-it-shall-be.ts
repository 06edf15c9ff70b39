import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { isLeaving } from './drain.ts'
import { isKept, isToRoll, liveReplicas, usableReplicas } from './live-replicas.ts'
import { liveRouteKey, splitOfRoute } from './route-table.ts'
import { isUncalled } from './uncalled.ts'

/**
 * Whether there is nothing to do for an alias, by what is in memory alone: of ten thousand that sleep, a resync looks
 * closely at none.
 */
export const isAsItShallBe = (context: ControllerContext, state: WantedState): boolean => {
  const { live, wanted } = state
  if (state.isRemoved) return false
  if (wanted && wanted.id !== live?.id && wanted.state !== 'failed') return false
  if (!live) return true
  const route = context.routes.get(liveRouteKey(state))
  if (route?.revision !== live.id) return false
  if (JSON.stringify(route.policy.tenantLimits) !== JSON.stringify(state.tenantLimits)) return false
  if (JSON.stringify(route.split) !== JSON.stringify(splitOfRoute(state, live).split)) return false
  if (isUncalled(context, state)) return context.replicas.of(state).length === 0
  if (isOnItsWay(live) || hasOthers(context, state)) return false
  const scale = context.scales.of(state)
  const there = liveReplicas(context, state, live)
  if (scale.depth === 'awake') {
    if (there.some((replica) => isToRoll(context, state, live, replica))) return false
    const usable = usableReplicas(context, state, live)
    const addresses = new Map(route.endpoints.map((endpoint) => [endpoint.id, endpoint.address]))
    const isRouted = usable.every(({ id, address }) => addresses.get(id) === address)
    return [there.length, usable.length, addresses.size].every((n) => n === scale.memory.replicas) && isRouted
  }
  if (scale.isFallingAsleep) return true
  const isStill = there.every((replica) => replica.state === 'stopped' || replica.state === scale.depth)
  return route.endpoints.length === 0 && isStill
}

const isOnItsWay = ({ state }: RevisionState): boolean => state === 'wanted' || state === 'ready'

const hasOthers = (context: ControllerContext, state: WantedState): boolean =>
  context.replicas.of(state).some((replica) => !isKept(context, state, replica) && !isLeaving(context, replica))
