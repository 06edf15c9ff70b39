import { isCommitAlias } from '@pushfn/model/alias'
import { isAsItShallBe } from './as-it-shall-be.ts'
import type { ControllerContext } from './context.ts'
import { liveRoute, liveRouteKey } from './route-table.ts'

/** Publishes the routes of a function's commits that have none yet: their first call is held, and wakes them. */
export const routeCommits = async (context: ControllerContext, functionId: string): Promise<void> => {
  for (const state of await context.aliases.readOf(functionId)) {
    if (!state.live || state.isRemoved || !isCommitAlias(state.alias)) continue
    if (context.routes.get(liveRouteKey(state))) {
      if (!isAsItShallBe(context, state)) context.heal(state.aliasId)
      continue
    }
    await context.routes.put(liveRoute(state, state.live, [], context.config))
  }
}
