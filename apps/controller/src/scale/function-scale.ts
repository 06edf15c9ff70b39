import type { Replica } from '@pushfn/engine/engine'
import { isCommitAlias } from '@pushfn/model/alias'
import type { ScaleSpec } from '@pushfn/model/function-spec'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import { newScaleMemory, type ScaleMemory } from './decide.ts'
import { LoadHistory } from './load-history.ts'
import { type Depth, maySleep } from './sleep-depth.ts'

/**
 * How much of a function shall run under one alias, as the leader has it in mind. It is nowhere written down: a new leader takes what it
 * finds for what was wanted, and the load tells the rest within a minute.
 */
export class FunctionScale {
  memory: ScaleMemory
  readonly history: LoadHistory
  /** When it last had something to do, or nobody could tell whether it had. */
  busyAtMs: number
  /** By replica: the word of the gateways that is waited for, or was heard, since it lost its route. */
  readonly draining = new Map<string, Promise<boolean>>()
  #depth: Depth
  #epoch = 0
  /** Which falling asleep is under way, by its epoch. */
  #fallingEpoch: number | undefined

  constructor(found: { depth: Depth; replicas: number }, stableMs: number) {
    this.#depth = found.depth
    this.memory = newScaleMemory(found.replicas)
    this.history = new LoadHistory(stableMs)
    this.busyAtMs = performance.now()
  }

  get depth(): Depth {
    return this.#depth
  }

  /** Changes whenever it wakes or falls deeper: who began something for an older one lets it be. */
  get epoch(): number {
    return this.#epoch
  }

  get isFallingAsleep(): boolean {
    return this.#fallingEpoch === this.#epoch
  }

  /** Somebody wants it. Returns true when it slept. */
  wake(): boolean {
    this.busyAtMs = performance.now()
    if (this.#depth === 'awake') return false
    this.#depth = 'awake'
    this.#epoch += 1
    return true
  }

  /** Returns true when this is deeper than before. `least` is what it will wake with. */
  fall(depth: Depth, least: number): boolean {
    if (depth === this.#depth) return false
    this.#depth = depth
    this.#epoch += 1
    this.memory = newScaleMemory(least)
    this.history.clear()
    return true
  }

  beginFalling(): void {
    this.#fallingEpoch = this.#epoch
  }

  endFalling(epoch: number): void {
    if (this.#fallingEpoch === epoch) this.#fallingEpoch = undefined
  }
}

/** The scales of all aliases that the leader has met. */
export interface Scales {
  /** The alias's own; one that was not met yet is awake, but for a commit's, which sleeps until it is called. */
  of(state: WantedState): FunctionScale
  /** Whether it was met. */
  has(state: WantedState): boolean
  /** Takes what is there for what shall be: after a change of leaders. */
  adopt(state: WantedState, live: RevisionState, replicas: readonly Replica[]): FunctionScale
  /** Forgets all others. */
  keep(aliasIds: ReadonlySet<string>): void
}

export const openScales = (stableMs: number): Scales => {
  const scales = new Map<string, FunctionScale>()
  const put = (aliasId: string, found: { depth: Depth; replicas: number }) => {
    const scale = new FunctionScale(found, stableMs)
    scales.set(aliasId, scale)
    return scale
  }
  return {
    of: (state) =>
      scales.get(state.aliasId) ??
      put(state.aliasId, {
        depth: isCommitAlias(state.alias) ? 'stopped' : 'awake',
        replicas: leastReplicas((state.live ?? state.wanted)?.spec.scale),
      }),
    has: (state) => scales.has(state.aliasId),
    adopt: (state, live, replicas) => put(state.aliasId, found(live, replicas)),
    keep: (aliasIds) => {
      for (const id of scales.keys()) if (!aliasIds.has(id)) scales.delete(id)
    },
  }
}

/** Awake, one replica is the least. */
export const leastReplicas = (spec: Pick<ScaleSpec, 'min'> | undefined): number => Math.max(1, spec?.min ?? 1)

/**
 * Replicas that are paused or stopped are a function that sleeps and no fault, and so are those that are gone: it wakes when
 * it is called. What may not sleep, what runs, and what a builder waits for is awake, and healed.
 */
export const found = (live: RevisionState, replicas: readonly Replica[]): { depth: Depth; replicas: number } => {
  const { scale } = live.spec
  const least = leastReplicas(scale)
  const running = replicas.filter(({ state }) => state === 'running' || state === 'starting').length
  const isBeingDeployed = live.state === 'wanted' || live.state === 'ready'
  if (running > 0 || isBeingDeployed || !maySleep(scale)) return { depth: 'awake', replicas: Math.max(least, running) }
  return { depth: replicas.some(({ state }) => state === 'paused') ? 'paused' : 'stopped', replicas: least }
}
