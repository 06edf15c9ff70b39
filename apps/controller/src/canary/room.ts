import { CANARY, LIVE } from '@pushfn/model/alias'
import type { RunningCanary } from '@pushfn/store/canary-rows'
import type { WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from '../context.ts'
import { usableReplicas } from '../live-replicas.ts'
import { newScaleMemory } from '../scale/decide.ts'
import { leastReplicas } from '../scale/function-scale.ts'

/**
 * Replicas for calls that change sides. The load would tell that they are wanted, but only once calls wait for them; a
 * canary that got half of all calls with one replica would look slow, and be returned for nothing.
 */

type Of = Pick<RunningCanary, 'functionId'>

/**
 * Whether the canary has the part of all replicas that this part of all calls wants; what is missing is begun. What sleeps
 * has no calls, and needs no more.
 */
export const hasRoom = (context: ControllerContext, of: Of, weight: number): boolean => {
  const canary = aliasOf(context, of, CANARY)
  if (!canary?.live) return false
  const awake = awakeReplicas(context, canary)
  const all = awake + awakeReplicas(context, aliasOf(context, of, LIVE))
  if (awake === 0) return true
  const wanted = within(canary, Math.ceil((all * weight) / 100))
  raise(context, canary, wanted)
  return usableReplicas(context, canary, canary.live).length >= wanted
}

/** Before the canary's calls come back to live, live is to have as many replicas more as carried them. */
export const makeRoomAtLive = (context: ControllerContext, of: Of): void => {
  const live = aliasOf(context, of, LIVE)
  const awake = awakeReplicas(context, live)
  if (live && awake > 0) raise(context, live, within(live, awake + replicasOfCanary(context, of)))
}

/** How many replicas carry the canary's part of the calls of live: who takes them over wants as many more. */
export const replicasOfCanary = (context: ControllerContext, of: Of): number =>
  awakeReplicas(context, aliasOf(context, of, CANARY))

const aliasOf = (context: ControllerContext, { functionId }: Of, alias: string): WantedState | undefined => {
  for (const state of context.aliases.all()) {
    if (state.functionId === functionId && state.alias === alias && !state.isRemoved) return state
  }
  return undefined
}

const awakeReplicas = (context: ControllerContext, state: WantedState | undefined): number => {
  const scale = state?.live && context.scales.of(state)
  return scale?.depth === 'awake' ? scale.memory.replicas : 0
}

const within = ({ live }: WantedState, count: number): number => {
  const least = leastReplicas(live?.spec.scale)
  return Math.min(Math.max(count, least), Math.max(live?.spec.scale.max ?? least, least))
}

const raise = (context: ControllerContext, state: WantedState, replicas: number): void => {
  const scale = context.scales.of(state)
  if (scale.memory.replicas >= replicas) return
  scale.memory = newScaleMemory(replicas)
  context.heal(state.aliasId)
}
