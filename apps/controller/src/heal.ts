import type { Replica } from '@pushfn/engine/engine'
import { forgetAlias } from '@pushfn/store/alias-moves'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import { bringUp, routeUsable } from './bring-up.ts'
import type { ControllerContext } from './context.ts'
import { switchTo } from './deploy.ts'
import { drainAndRemove, expectDrain, forgetDrains, isLeaving } from './drain.ts'
import { fallAsleep } from './fall-asleep.ts'
import { followSchedule } from './follow-schedules.ts'
import { cheapestFirst, isKept, isToRoll, liveReplicas, usableReplicas } from './live-replicas.ts'
import { rollSecrets } from './roll-secrets.ts'
import { liveRoute, liveRouteKey } from './route-table.ts'

/**
 * Keeps the live revision as it shall be: as many replicas running as its load wants and its route over those that answer,
 * or asleep; nothing of older ones. After a crash, a restarted engine or a lost node this alone brings an alias back.
 */
export const heal = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const { live } = state
  if (state.isRemoved) return unlessOvertaken(context, state, () => removeAll(context, state))
  if (!live) return
  const scale = context.scales.of(state)
  // A builder waits until callers reach it.
  if (isBeingDeployed(live)) scale.wake()
  if (scale.depth !== 'awake') {
    await fallAsleep(context, state, live)
    return unlessOvertaken(context, state, async (now) => removeOthers(context, now))
  }

  const isShort = usableReplicas(context, state, live).length < scale.memory.replicas
  if (isShort) {
    // Callers must not be sent to what does not run while it is brought back.
    if (context.routes.get(liveRouteKey(state))?.revision === live.id) await routeUsable(context, state, live)
    if (liveReplicas(context, state, live).length === 0) {
      await context.engine.ensureNamespace(state.tenant, context.signal)
    }
    await bringUp(context, state, live)
  }
  const isRolling = liveReplicas(context, state, live).some((replica) => isToRoll(context, state, live, replica))
  if (isRolling && !isBeingDeployed(live)) await rollSecrets(context, state, live)
  await unlessOvertaken(context, state, async (now) => {
    if (scale.depth !== 'awake' && !isBeingDeployed(live)) return
    const usable = cheapestFirst(usableReplicas(context, state, live))
    if (now.live && isBeingDeployed(now.live)) {
      if (usable.length > 0) await switchTo(context, now, live, usable)
      return
    }
    const kept = usable.slice(0, scale.memory.replicas)
    const drains = surplus(context, state, live, kept).map((replica) => expectDrain(context, replica, live.spec))
    await context.routes.put(liveRoute(now, live, kept, context.config))
    if (context.routes.publishedVersion() === undefined) return forgetDrains(context, drains)
    for (const drain of drains) void drainAndRemove(context, drain)
    removeOthers(context, now)
  })
}

const isBeingDeployed = (live: RevisionState): boolean => live.state === 'wanted' || live.state === 'ready'

/** What is more than shall run; nothing while there are too few. */
const surplus = (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
  kept: readonly Replica[],
): Replica[] => {
  if (kept.length < context.scales.of(state).memory.replicas) return []
  return liveReplicas(context, state, live).filter((replica) => !kept.some(({ id }) => id === replica.id))
}

/** In the alias's turn, and not at all when another revision went live meanwhile: its route must not go back. */
const unlessOvertaken = (
  context: ControllerContext,
  state: WantedState,
  work: (now: WantedState) => Promise<void>,
): Promise<void> =>
  context.inTurn(state.aliasId, async () => {
    const now = await context.aliases.read(state.aliasId)
    if (now && now.live?.id === state.live?.id && now.isRemoved === state.isRemoved) await work(now)
  })

/**
 * Replicas of revisions that are neither live nor on their way, or that sleep with secrets of before. Requests may still be at
 * them, or go there as long as the gateways have not been told otherwise.
 */
const removeOthers = (context: ControllerContext, state: WantedState): void => {
  if (context.routes.publishedVersion() === undefined) return
  const others = context.replicas
    .of(state)
    .filter((replica) => !isKept(context, state, replica) && !isLeaving(context, replica))
  for (const replica of others) void drainAndRemove(context, expectDrain(context, replica, state.live?.spec))
}

const removeAll = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const replicas = context.replicas.of(state).filter((replica) => !isLeaving(context, replica))
  const drains = replicas.map((replica) => expectDrain(context, replica, state.live?.spec))
  await followSchedule(context, state, undefined)
  await context.routes.remove(liveRouteKey(state))
  await Promise.all(drains.map((drain) => drainAndRemove(context, drain)))
  await forgetAlias(context.db, state)
}
