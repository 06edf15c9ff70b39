import type { Replica } from '@pushfn/engine/engine'
import { isCommitAlias } from '@pushfn/model/alias'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { drainAndRemove, drainLimitMs, setAside } from './drain.ts'
import { cheapestFirst, liveReplicas, usableReplicas } from './live-replicas.ts'
import { liveRoute, liveRouteKey } from './route-table.ts'
import { leastReplicas } from './scale/function-scale.ts'
import { named } from './workload.ts'

/**
 * Puts a function to sleep without losing a call: its route loses its endpoints, the gateways say that nothing is at them
 * any more (what comes from then on they hold, and ask to wake it), and only then its replicas are paused or stopped. A
 * wake that comes meanwhile wins: it changes the scale's epoch, and whoever finds another one lets the replicas be.
 *
 * Returns when the route is told; the rest goes on beside, so that a wake need not wait for it.
 */
export const fallAsleep = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
): Promise<void> => {
  const scale = context.scales.of(state)
  if (scale.isFallingAsleep) return
  const { epoch } = scale
  scale.beginFalling()
  const begun = await context.inTurn(state.aliasId, () => takeOffRoute(context, { state, live, epoch }))
  if (!begun) return scale.endFalling(epoch)
  void begun.drained
    .then((words) => whenDrained(context, { state, live, epoch }, !words.includes(false)))
    .catch((err) => context.log.warn({ err, ...named(state) }, 'could not put it to sleep'))
    .finally(() => scale.endFalling(epoch))
}

interface Falling {
  state: WantedState
  live: RevisionState
  epoch: number
}

const isOvertaken = (context: ControllerContext, { state, live, epoch }: Falling): boolean => {
  const now = context.aliases.get(state.aliasId)
  const isSame = context.scales.of(state).epoch === epoch && now?.live?.id === live.id && !now.isRemoved
  return context.signal.aborted || !isSame
}

const takeOffRoute = async (
  context: ControllerContext,
  falling: Falling,
): Promise<{ drained: Promise<boolean[]> } | undefined> => {
  const { state, live } = falling
  if (isOvertaken(context, falling)) return undefined
  const { draining } = context.scales.of(state)
  const routed = context.routes.get(liveRouteKey(state))?.endpoints ?? []
  // One that is in no route any more may still have a call of before, whose end somebody waits for already.
  for (const { id } of routed) draining.set(id, context.gateways.drained(id, drainLimitMs(live.spec)))
  await context.routes.put(liveRoute(state, live, [], context.config))
  if (context.routes.publishedVersion() === undefined) {
    // The gateways go on with what they know, and nobody can tell what they do.
    context.scales.of(state).wake()
    await context.routes.put(liveRoute(state, live, usableReplicas(context, state, live), context.config))
    return undefined
  }
  const running = liveReplicas(context, state, live).filter((replica) => replica.state === 'running')
  return { drained: Promise.all(running.map(({ id }) => draining.get(id) ?? true)) }
}

const whenDrained = async (context: ControllerContext, falling: Falling, isDrained: boolean): Promise<void> => {
  const { state, live } = falling
  const scale = context.scales.of(state)
  const about = { ...named(state), depth: scale.depth }
  if (isOvertaken(context, falling)) return
  if (!isDrained) {
    // Somebody is still at it, or a gateway has died that might know.
    scale.wake()
    return context.heal(state.aliasId)
  }
  const stopping = await context.inTurn(state.aliasId, async () => {
    if (isOvertaken(context, falling)) return []
    const there = cheapestFirst(liveReplicas(context, state, live))
    const least = isCommitAlias(state.alias) ? 0 : leastReplicas(live.spec.scale)
    for (const replica of there.slice(least)) {
      setAside(context, replica)
      void drainAndRemove(context, { replica, drained: Promise.resolve(true) })
    }
    const kept = there.slice(0, least)
    scale.draining.clear()
    if (scale.depth === 'stopped') {
      return kept
        .filter(({ state: now }) => now !== 'stopped')
        .map((replica) => ({ replica, putBack: setAside(context, replica) }))
    }
    await Promise.all(kept.filter(({ state: now }) => now === 'running').map((replica) => pauseOne(context, replica)))
    return []
  })
  // Not in the alias's turn: a program takes its time to end, and a call that comes meanwhile gets another replica.
  await Promise.all(stopping.map(({ replica, putBack }) => stopOne(context, replica).finally(putBack)))
  if (scale.depth === 'awake') return context.heal(state.aliasId)
  context.log.info(about, 'asleep')
}

const pauseOne = async (context: ControllerContext, replica: Replica): Promise<void> => {
  const paused = await context.engine.pause(replica.id, context.signal)
  if (paused) context.replicas.put(paused)
}

const stopOne = async (context: ControllerContext, replica: Replica): Promise<void> => {
  const stopped = await context.engine.stop(replica.id, context.config.stopGraceMs, context.signal)
  if (stopped) context.replicas.put(stopped)
}
