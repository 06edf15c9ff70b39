import type { BuildView } from '@pushfn/model/api'
import { type BuildState, isTerminal } from '@pushfn/model/build-state'

/** The states of a successful run, in order. */
const STAGES = ['queued', 'checkout', 'building', 'deploying', 'live'] as const satisfies BuildState[]

export interface Stage {
  name: BuildState
  status: 'done' | 'current' | 'ended' | 'ahead'
  /** How long it lasted, or lasts until now; undefined when it is ahead or not known. */
  ms: number | undefined
}

/**
 * A build's way as its page shows it: the stages it went through with the time each took, the one it is in, those ahead;
 * of one that did not get live, its end in the place of what would have followed.
 */
export const stagesOf = (
  build: Pick<BuildView, 'createdAt' | 'finishedAt'>,
  state: BuildState,
  since: Readonly<Partial<Record<BuildState, number>>>,
  now: number,
): Stage[] => {
  const begin: Partial<Record<BuildState, number>> = { ...since, queued: since.queued ?? Date.parse(build.createdAt) }
  const finishedAt = since[state] ?? (build.finishedAt ? Date.parse(build.finishedAt) : undefined)
  const isCut = isTerminal(state) && state !== 'live'
  const way: readonly BuildState[] = isCut
    ? [...STAGES.filter((stage) => begin[stage] !== undefined && stage !== 'live'), state]
    : STAGES
  const at = way.indexOf(state)
  return way.map((name, n) => {
    if (n > at) return { name, status: 'ahead', ms: undefined }
    if (isTerminal(name)) return { name, status: name === 'live' ? 'done' : 'ended', ms: undefined }
    const from = begin[name]
    const to = n === at ? now : nextBegin(way.slice(n + 1), begin, finishedAt)
    const ms = from === undefined || to === undefined ? undefined : Math.max(0, to - from)
    return { name, status: n === at ? 'current' : 'done', ms }
  })
}

const nextBegin = (
  following: readonly BuildState[],
  begin: Readonly<Partial<Record<BuildState, number>>>,
  finishedAt: number | undefined,
): number | undefined => {
  for (const stage of following) {
    const at = begin[stage]
    if (at !== undefined) return at
  }
  return finishedAt
}
