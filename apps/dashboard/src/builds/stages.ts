import type { BuildView } from '@pushfn/model/api'
import { type BuildState, isTerminal } from '@pushfn/model/build-state'

/** The states of a successful run, in order. */
const STAGES = ['queued', 'checkout', 'building', 'deploying', 'live'] as const satisfies BuildState[]

export interface Stage {
  name: (typeof STAGES)[number]
  /** `cut`: the build ended in this stage, without getting live. */
  status: 'done' | 'current' | 'cut' | 'ahead'
  /** How long it lasted, or lasts until now; undefined when it is ahead, is the end, or nobody knows. */
  ms: number | undefined
}

/** A build's way as its page shows it: the stages behind it with the time each took, the one it is in, those ahead. */
export const stagesOf = (
  build: Pick<BuildView, 'createdAt' | 'finishedAt'>,
  state: BuildState,
  since: Readonly<Partial<Record<BuildState, number>>>,
  now: number,
): Stage[] => {
  const begin: typeof since = { ...since, queued: since.queued ?? Date.parse(build.createdAt) }
  const isCut = isTerminal(state) && state !== 'live'
  const at = STAGES.findLastIndex((stage) => (isCut ? begin[stage] !== undefined : stage === state))
  const end = since[state] ?? (build.finishedAt ? Date.parse(build.finishedAt) : undefined)
  return STAGES.map((name, n) => {
    if (n > at) return { name, status: 'ahead', ms: undefined }
    if (name === 'live') return { name, status: 'done', ms: undefined }
    const isLast = n === at
    const next = STAGES.slice(n + 1, at + 1).find((stage) => begin[stage] !== undefined)
    const to = next ? begin[next] : isLast && !isCut ? now : end
    const from = begin[name]
    const ms = from === undefined || to === undefined ? undefined : Math.max(0, to - from)
    return { name, status: !isLast ? 'done' : isCut ? 'cut' : 'current', ms }
  })
}
