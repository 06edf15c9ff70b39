import { LIVE } from '@pushfn/model/alias'
import type { RunningCanary } from '@pushfn/store/canary-rows'
import type { ControllerContext } from '../context.ts'
import { newScaleMemory } from '../scale/decide.ts'
import { leastReplicas } from '../scale/function-scale.ts'
import { replicasOfCanary } from './replicas-of-canary.ts'

/** Before the canary's calls come back to live, live has as many replicas more as carried them. */
export const makeRoom = (context: ControllerContext, { functionId }: Pick<RunningCanary, 'functionId'>): void => {
  for (const state of context.aliases.all()) {
    if (state.functionId !== functionId || state.alias !== LIVE || !state.live) continue
    const scale = context.scales.of(state)
    if (scale.depth !== 'awake') return
    const most = Math.max(state.live.spec.scale.max, leastReplicas(state.live.spec.scale))
    const wanted = Math.min(most, scale.memory.replicas + replicasOfCanary(context, state))
    if (wanted > scale.memory.replicas) scale.memory = newScaleMemory(wanted)
  }
}
