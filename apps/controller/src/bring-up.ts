import type { Replica } from '@pushfn/engine/engine'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { cheapestFirst, freeOrdinals, liveReplicas, usableReplicas } from './live-replicas.ts'
import { untilReady } from './readiness.ts'
import { liveRoute } from './route-table.ts'
import { named, workloadOf } from './workload.ts'

/**
 * Brings up as many replicas of the live revision as shall run, side by side, and gives each its place in the route the
 * moment it can serve: what is paused goes on, what is stopped starts again, and for the rest new ones are made. Throws
 * when the engine fails; what got ready serves all the same.
 */
export const bringUp = async (context: ControllerContext, state: WantedState, live: RevisionState): Promise<void> => {
  const steps = stepsTo(context, state, live)
  if (steps.length === 0) return
  const results = await Promise.allSettled(steps.map((step) => bringOne(context, state, live, step)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

type Step = () => Promise<Replica | undefined>

const stepsTo = (context: ControllerContext, state: WantedState, live: RevisionState): Step[] => {
  const wanted = context.scales.of(state).memory.replicas
  const there = cheapestFirst(liveReplicas(context, state, live))
  const steps = there
    .slice(0, wanted)
    .filter((replica) => replica.state !== 'running' || !context.replicas.isProven(replica.id))
    .map((replica) => stepFor(context, state, live, replica))
  const missing = freeOrdinals(context, state, live, Math.max(0, wanted - there.length))
  return [...steps, ...missing.map((ordinal) => startOf(context, state, live, ordinal))]
}

const stepFor = (context: ControllerContext, state: WantedState, live: RevisionState, replica: Replica): Step => {
  if (replica.state === 'paused') return () => context.engine.resume(replica.id, context.signal)
  if (replica.state === 'stopped') return startOf(context, state, live, replica.ordinal)
  return async () => replica
}

const startOf =
  (context: ControllerContext, state: WantedState, live: RevisionState, ordinal: number): Step =>
  () =>
    context.engine.start(workloadOf(context, state, live), ordinal, context.signal)

const bringOne = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
  step: Step,
): Promise<void> => {
  const replica = await step()
  if (!replica) return
  context.replicas.put(replica)
  if (!context.replicas.isProven(replica.id)) {
    const readiness = await untilReady(context, replica, live.spec, context.signal)
    if (readiness.kind === 'failed') {
      const about = { ...named(state), reason: readiness.reason }
      context.log.warn(about, 'a replica does not get ready')
      return
    }
  }
  await routeUsable(context, state, live)
}

/** The route over what can serve, unless it fell asleep, or another revision went live meanwhile. */
export const routeUsable = (context: ControllerContext, state: WantedState, live: RevisionState): Promise<void> =>
  context.inTurn(state.aliasId, async () => {
    const now = context.aliases.get(state.aliasId)
    const isBeingDeployed = live.state === 'wanted' || live.state === 'ready'
    if (now?.live?.id !== live.id || now.isRemoved || isBeingDeployed) return
    if (context.scales.of(state).depth !== 'awake') return
    await context.routes.put(liveRoute(now, live, usableReplicas(context, now, live), context.config))
  })
