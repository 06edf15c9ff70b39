import type { ScaleSpec } from '@pushfn/model/function-spec'

/** `paused`: no CPU, awake within milliseconds. `stopped`: no memory either; its program starts anew. */
export type Depth = 'awake' | 'paused' | 'stopped'

const ORDER: readonly Depth[] = ['awake', 'paused', 'stopped']

/** How deeply a function sleeps that nobody has called for so long. */
export const sleepDepth = (idleMs: number, spec: Pick<ScaleSpec, 'pauseAfterMs' | 'stopAfterMs'>): Depth => {
  if (spec.stopAfterMs !== null && idleMs >= spec.stopAfterMs) return 'stopped'
  return spec.pauseAfterMs !== null && idleMs >= spec.pauseAfterMs ? 'paused' : 'awake'
}

/** Time alone never wakes: a function that a new leader found stopped stays so until somebody calls. */
export const deeper = (one: Depth, other: Depth): Depth => (ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other)

export const maySleep = (spec: Pick<ScaleSpec, 'pauseAfterMs' | 'stopAfterMs'>): boolean =>
  spec.pauseAfterMs !== null || spec.stopAfterMs !== null
