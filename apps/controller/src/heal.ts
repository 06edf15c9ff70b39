import type { Replica } from '@pushfn/engine/engine'
import { forgetLive, type RevisionState, type WantedState, wantedState } from '@pushfn/store/wanted'
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
  const { live } = state
  if (state.isRemoved) return unlessOvertaken(context, state, () => removeFunction(context, state))
  if (!live) return
  const ensured = await ensureReplicas(context, state, live)
  await unlessOvertaken(context, state, async (now) => {
    const running = ensured.filter((replica) => isRunning(context, replica))
    const isBeingDeployed = now.live?.state === 'wanted' || now.live?.state === 'ready'
    if (isBeingDeployed && running.length > 0) return switchTo(context, now, live, running)
    if (isBeingDeployed) return
    await context.routes.put(liveRoute(now, live, running, context.config.maxBodyBytes))
    removeOthers(context, now)
  })
}

/** In the function's turn, and not at all when another revision went live meanwhile: its route must not go back. */
const unlessOvertaken = (
  context: ControllerContext,
  state: WantedState,
  work: (now: WantedState) => Promise<void>,
): Promise<void> =>
  context.inTurn(state.functionId, async () => {
    const now = await wantedState(context.db, state.functionId)
    if (now && now.live?.id === state.live?.id && now.isRemoved === state.isRemoved) await work(now)
  })

const isRunning = (context: ControllerContext, { id, tenant, function: name }: Replica): boolean =>
  context.replicas.of(tenant, name).some((replica) => replica.id === id && replica.state === 'running')

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
  await unlessOvertaken(context, state, async () => {
    const isRouted = context.routes.get(liveRouteKey(state))?.revision === live.id
    if (isRouted) await context.routes.put(liveRoute(state, live, running, context.config.maxBodyBytes))
  })
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

/**
 * Replicas of revisions that are neither live nor on their way: left by a crash or a lost race. Requests may still be at
 * them, or go there as long as the gateways have not been told otherwise.
 */
const removeOthers = (context: ControllerContext, state: WantedState): void => {
  if (context.routes.publishedVersion() === undefined) return
  const others = context.replicas.of(state.tenant, state.name).filter((replica) => {
    const isKept = [state.live, state.wanted].some((revision) => revision && isOfRevision(replica, revision))
    return !isKept && !isLeaving(context, replica)
  })
  for (const replica of others) void drainAndRemove(context, expectDrain(context, replica, state.live?.spec))
}

const removeFunction = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const replicas = context.replicas.of(state.tenant, state.name).filter((replica) => !isLeaving(context, replica))
  const drains = replicas.map((replica) => expectDrain(context, replica, state.live?.spec))
  await context.routes.remove(liveRouteKey(state))
  await Promise.all(drains.map((drain) => drainAndRemove(context, drain)))
  await forgetLive(context.db, state.functionId)
}
