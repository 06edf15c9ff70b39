import type { Replica } from '@pushfn/engine/engine'
import { forgetLive, type RevisionState, type WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { switchTo } from './deploy.ts'
import { drainAndRemove, expectDrain, isLeaving } from './drain.ts'
import { untilReady } from './readiness.ts'
import { liveRoute, liveRouteKey } from './route-table.ts'
import { isOfRevision, replicaCount, workloadOf } from './workload.ts'

/**
 * Keeps the live revision as it shall be: its replicas running, its route over those that answer, nothing of older ones.
 * After a crash, a restarted engine or a lost node this alone brings a function back.
 */
export const heal = async (context: ControllerContext, state: WantedState): Promise<void> => {
  if (state.isRemoved) return removeFunction(context, state)
  if (!state.live) return
  const running = await ensureReplicas(context, state, state.live)
  const isBeingDeployed = state.live.state === 'wanted'
  if (isBeingDeployed) return switchTo(context, state, state.live, running)
  await context.routes.put(liveRoute(state, state.live, running, context.config.maxBodyBytes))
  await removeOthers(context, state)
}

const ensureReplicas = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
): Promise<Replica[]> => {
  const there = context.replicas.of(state.tenant, state.name).filter((replica) => isOfRevision(replica, live))
  const ordinals = Array.from({ length: replicaCount(live) }, (_, ordinal) => ordinal)
  const missing = ordinals.filter((n) => !there.some((replica) => replica.ordinal === n && replica.state === 'running'))
  const running = there.filter((replica) => replica.state === 'running' && !isLeaving(context, replica))
  if (missing.length === 0) return running

  // Callers must not be sent to what does not run while it is brought back.
  if (context.routes.get(liveRouteKey(state))) {
    await context.routes.put(liveRoute(state, live, running, context.config.maxBodyBytes))
  }
  await context.engine.ensureNamespace(state.tenant, context.signal)
  const started = await Promise.all(
    missing.map(async (ordinal) => {
      const replica = await context.engine.start(workloadOf(state, live), ordinal, context.signal)
      context.replicas.put(replica)
      const readiness = await untilReady(context, replica, live.spec, context.signal)
      if (readiness.kind === 'ready') return [replica]
      context.log.warn(
        { function: state.name, tenant: state.tenant, reason: readiness.reason },
        'a replica does not get ready',
      )
      return []
    }),
  )
  return [...running, ...started.flat()]
}

/** Replicas of revisions that are neither live nor on their way: left by a crash or a lost race. */
const removeOthers = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const others = context.replicas.of(state.tenant, state.name).filter((replica) => {
    const isKept = [state.live, state.wanted].some((revision) => revision && isOfRevision(replica, revision))
    return !isKept && !isLeaving(context, replica)
  })
  for (const replica of others) void drainAndRemove(context, { replica, drained: Promise.resolve(true) })
}

const removeFunction = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const replicas = context.replicas.of(state.tenant, state.name).filter((replica) => !isLeaving(context, replica))
  const drains = replicas.map((replica) => expectDrain(context, replica, state.live?.spec))
  await context.routes.remove(liveRouteKey(state))
  await Promise.all(drains.map((drain) => drainAndRemove(context, drain)))
  await forgetLive(context.db, state.functionId)
}
