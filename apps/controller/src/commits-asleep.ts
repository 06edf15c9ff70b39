import { isCommitAlias } from '@pushfn/model/alias'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'

/**
 * A commit's own URL costs nothing until somebody calls it: whatever its stack says, no replica of it stands ready, and
 * none is kept when it sleeps again, which is soon. It points at what has answered before, and nobody waits for it.
 */
export const commitsAsleep = (idleMs: number): ((state: WantedState) => WantedState) => {
  // A revision's spec is one object for as long as it is known.
  const specs = new WeakMap<FunctionSpec, FunctionSpec>()
  const specOf = (spec: FunctionSpec): FunctionSpec => {
    const known = specs.get(spec)
    if (known) return known
    const sleepy = { ...spec, scale: { ...spec.scale, min: 0, pauseAfterMs: null, stopAfterMs: idleMs } }
    specs.set(spec, sleepy)
    return sleepy
  }
  const revisionOf = (revision: RevisionState): RevisionState => ({
    ...revision,
    state: 'live',
    spec: specOf(revision.spec),
  })
  return (state) => {
    if (!isCommitAlias(state.alias) || !state.live) return state
    const live = revisionOf(state.live)
    return { ...state, live, wanted: live }
  }
}
