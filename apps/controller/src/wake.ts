import type { WantedState } from '@pushfn/store/wanted'
import { routeUsable } from './bring-up.ts'
import type { ControllerContext } from './context.ts'
import { cheapestFirst, liveReplicas, usableReplicas } from './live-replicas.ts'
import { named } from './workload.ts'

/**
 * Somebody calls a function for which no replica runs. However many wait for it, and however often the gateways say so, it
 * is woken once. Paused replicas go on at once, without a look at the database; all else is healing's.
 */
export const wake = async (context: ControllerContext, state: WantedState): Promise<void> => {
  const { live } = state
  const scale = context.scales.of(state)
  if (!live || state.isRemoved) return
  if (!scale.wake()) {
    if (usableReplicas(context, state, live).length === 0) context.heal(state.aliasId)
    return
  }
  context.log.info(named(state), 'waking')
  await context.inTurn(state.aliasId, async () => {
    if (context.aliases.get(state.aliasId)?.live?.id !== live.id) return
    const paused = cheapestFirst(liveReplicas(context, state, live)).filter((replica) => replica.state === 'paused')
    const least = paused.slice(0, scale.memory.replicas)
    await Promise.all(
      least.map(async ({ id }) => {
        const replica = await context.engine.resume(id, context.signal)
        if (replica) context.replicas.put(replica)
      }),
    )
  })
  await routeUsable(context, state, live)
  context.heal(state.aliasId)
}
