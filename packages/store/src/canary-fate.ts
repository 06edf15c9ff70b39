import type { CanaryState } from './generated/client.ts'

/** What is known of a canary that has not ended, when one looks at it. */
export interface CanaryFacts {
  state: CanaryState
  baselineId: string
  revisionId: string
  isFunctionGone: boolean
  live: { revisionId: string | null; wantedRevisionId: string | null; failure: string | null }
  /** Its own alias; null when that is gone. */
  alias: {
    revisionId: string | null
    wantedRevisionId: string | null
    failure: string | null
    removedAt: Date | null
  } | null
}

export interface CanaryEnd {
  state: 'promoted' | 'returned' | 'ended'
  /** For the tenant; null when it went live. */
  reason: string | null
}

/** How a canary has ended by what happened around it; undefined while it goes on. */
export const canaryFate = (of: CanaryFacts): CanaryEnd | undefined => {
  const { live, alias, revisionId, baselineId } = of
  if (of.isFunctionGone) return { state: 'ended', reason: 'the function was removed' }
  if (live.revisionId === revisionId) return { state: 'promoted', reason: null }
  if (live.revisionId !== baselineId) return { state: 'ended', reason: 'something else went live' }
  const isPromoted = live.wantedRevisionId === revisionId
  if (of.state === 'promoting' && !isPromoted) {
    const said = live.failure ?? 'something else is to go live'
    return { state: 'returned', reason: `it could not go live: ${said}` }
  }
  if (!isPromoted && live.wantedRevisionId !== baselineId) {
    return { state: 'ended', reason: 'a push, or somebody’s choice, is to go live in its place' }
  }
  if (alias === null || alias.removedAt !== null) return { state: 'ended', reason: 'its alias was removed' }
  if (alias.wantedRevisionId !== revisionId) {
    return { state: 'returned', reason: `it ${alias.failure ?? 'did not get ready'}` }
  }
  return undefined
}

/** Whether it answers, so that it can have calls. */
export const isServing = ({ alias, revisionId }: Pick<CanaryFacts, 'alias' | 'revisionId'>): boolean =>
  alias?.revisionId === revisionId
