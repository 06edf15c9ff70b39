import type { ScaleSpec } from '@pushfn/model/function-spec'

/**
 * How many replicas a function shall have: Knative's way (its autoscaler KPA). The average of a long window decides, so
 * that a short peak moves nothing; when the average of a short window wants twice of what there is, that is a panic: the
 * short window decides as well, and nothing is taken away until a whole long window has passed without another.
 *
 * Differently from Knative a function shrinks only after less would have done for a whole long window, and by half at
 * most in one step: starting a replica costs its callers more than keeping one costs the machine.
 */
export interface ScaleMemory {
  replicas: number
  /** Until then nothing is taken away, and the short window is heard. */
  panicUntilMs: number
  /** Since when fewer replicas would have done; null: they would not. */
  enoughSinceMs: number | null
}

export interface Windows {
  stableMs: number
  panicMs: number
}

/** Averages of the function's load over both windows, in the unit of its target. */
export interface WindowedLoad {
  stable: number
  panic: number
}

const PANIC_THRESHOLD = 2

export const decide = (
  memory: ScaleMemory,
  load: WindowedLoad,
  spec: Pick<ScaleSpec, 'min' | 'max' | 'target'>,
  time: { nowMs: number; windows: Windows },
): ScaleMemory => {
  const { nowMs, windows } = time
  const least = Math.max(1, spec.min)
  const within = (count: number) => Math.min(Math.max(count, least), Math.max(least, spec.max))
  const before = within(memory.replicas)
  const wants = (average: number) => Math.ceil(average / spec.target)
  const isOver = wants(load.panic) >= PANIC_THRESHOLD * before
  const panicUntilMs = isOver ? nowMs + windows.stableMs : memory.panicUntilMs
  const isPanic = nowMs < panicUntilMs
  const wanted = within(isPanic ? Math.max(wants(load.stable), wants(load.panic)) : wants(load.stable))

  if (wanted >= before) return { replicas: wanted, panicUntilMs, enoughSinceMs: null }
  if (isPanic) return { replicas: before, panicUntilMs, enoughSinceMs: null }
  const enoughSinceMs = memory.enoughSinceMs ?? nowMs
  if (nowMs - enoughSinceMs < windows.stableMs) return { replicas: before, panicUntilMs, enoughSinceMs }
  // The next step down comes a short window later, when what this one did can be seen.
  const nextSinceMs = nowMs - windows.stableMs + windows.panicMs
  return { replicas: Math.max(wanted, Math.ceil(before / 2)), panicUntilMs, enoughSinceMs: nextSinceMs }
}

export const newScaleMemory = (replicas: number): ScaleMemory => ({ replicas, panicUntilMs: 0, enoughSinceMs: null })
