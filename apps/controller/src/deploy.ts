import type { Replica } from '@pushfn/engine/engine'
import { LIVE } from '@pushfn/model/alias'
import { confirmLive, giveUpWish, moveAlias } from '@pushfn/store/alias-moves'
import { channels } from '@pushfn/store/bus'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import { replicasOfCanary } from './canary/room.ts'
import type { ControllerContext } from './context.ts'
import { drainAndRemove, expectDrain, forgetDrains, isLeaving } from './drain.ts'
import { followSchedule } from './follow-schedules.ts'
import { routeCommits } from './route-commits.ts'
import { liveRoute } from './route-table.ts'
import { newScaleMemory } from './scale/decide.ts'
import { leastReplicas } from './scale/function-scale.ts'
import { tellStack, untilStackReady } from './stack-ready.ts'
import { removeAtOnce, startAll } from './start-all.ts'
import { hasSecretsOf, isOfRevision, named } from './workload.ts'

/** Gateways serve by a new table within a millisecond or two; one that hangs does not hold a deploy. */
const APPLIED_LIMIT_MS = 1_000

/**
 * Brings the wanted revision live under its alias: starts it BESIDE the old one, waits until every replica answers and the others of its
 * stack do, moves the alias, then the route, then drains the old one. When it or another of the stack does not get ready
 * the wish is taken back with the reason, and nothing changed for callers. Throws only what is the engine's or the database's fault: then it is tried again.
 */
export const deploy = async (
  context: ControllerContext,
  state: WantedState,
  wanted: RevisionState,
  signal: AbortSignal,
): Promise<void> => {
  const log = context.log.child({ ...named(state), build: wanted.buildId })
  const startedAt = performance.now()
  const ordinals = Array.from({ length: startingCount(context, state, wanted) }, (_, ordinal) => ordinal)
  const { replicas, readiness: own } = await startAll(context, state, wanted, ordinals, signal)
  // What was live before goes back alone; its stack has been ready once.
  const isAlone = own.kind === 'failed' || wanted.state === 'live'
  const readiness = isAlone ? own : await untilStackReady(context, wanted, signal)
  if (readiness.kind === 'failed') {
    // First the replicas: the builder takes their image away as soon as it hears of the failure.
    await removeAtOnce(context, replicas)
    await giveUpWish(context.db, { aliasId: state.aliasId, revisionId: wanted.id, failure: readiness.reason })
    settled(context, wanted)
    tellStack(context, wanted)
    log.info({ reason: readiness.reason.split('\n')[0] }, 'revision failed')
    return
  }
  const isMoved = await context.inTurn(state.aliasId, async () => {
    if (!(await moveAlias(context.db, { ...state, revisionId: wanted.id }))) return false
    context.aliases.moved({ ...state, live: wanted })
    await switchTo(context, state, wanted, replicas)
    return true
  })
  if (!isMoved) {
    await removeAtOnce(context, replicas)
    return
  }
  log.info({ ms: Math.round(performance.now() - startedAt) }, 'revision live')
}

/** As many as the load of the live one, and of a canary beside it, wants now: the new one takes it over in one moment. */
const startingCount = (context: ControllerContext, state: WantedState, { spec }: RevisionState): number => {
  const least = leastReplicas(spec.scale)
  const scale = context.scales.of(state)
  if (!state.live || scale.depth !== 'awake') return least
  const running = scale.memory.replicas + (state.split ? replicasOfCanary(context, state) : 0)
  return Math.min(Math.max(running, least), Math.max(spec.scale.max, least))
}

/**
 * The switch itself, in the alias's turn: gateways are told, and heard, before the old replicas are asked to end. While
 * they cannot be told they go on with the old ones, which stay; the next look at the alias switches.
 */
export const switchTo = async (
  context: ControllerContext,
  state: WantedState,
  revision: RevisionState,
  replicas: readonly Replica[],
): Promise<void> => {
  const scale = context.scales.of(state)
  scale.wake()
  scale.memory = newScaleMemory(replicas.length)
  const isOld = (replica: Replica) =>
    replicas.every(({ id }) => id !== replica.id) &&
    !(isOfRevision(replica, revision) && hasSecretsOf(replica, revision))
  const old = context.replicas.of(state).filter((replica) => isOld(replica) && !isLeaving(context, replica))
  const drains = old.map((replica) => expectDrain(context, replica, state.live?.spec))
  if (state.alias === LIVE) await routeCommits(context, state.functionId)
  await context.routes.put(liveRoute(state, revision, replicas, context.config))
  const version = context.routes.publishedVersion()
  if (version === undefined) return forgetDrains(context, drains)
  await context.gateways.applied(version, APPLIED_LIMIT_MS)
  await followSchedule(context, state, revision)
  await confirmLive(context.db, revision.id)
  settled(context, revision)
  for (const drain of drains) void drainAndRemove(context, drain)
}

const settled = (context: ControllerContext, revision: RevisionState): void =>
  void context.bus.publish(channels(context.config.cloud).revisionSettled, revision.id)
