import { isCommitAlias } from '@pushfn/model/alias'
import type { WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'

/** A commit's alias that nobody has called since this process leads: there is nothing to know of it but its route. */
export const isUncalled = (context: ControllerContext, state: WantedState): boolean =>
  isCommitAlias(state.alias) && !context.scales.has(state)
