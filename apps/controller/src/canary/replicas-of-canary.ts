import { routeKey } from '@pushfn/model/route'
import type { WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from '../context.ts'

/** How many replicas carry the canary's part of the calls of live: whoever takes them over wants as many more. */
export const replicasOfCanary = (context: ControllerContext, live: Pick<WantedState, 'name' | 'split'>): number => {
  const canary = live.split && context.aliases.find(routeKey({ host: live.split.host, function: live.name }))
  if (!canary) return 0
  const scale = context.scales.of(canary)
  return scale.depth === 'awake' ? scale.memory.replicas : 0
}
