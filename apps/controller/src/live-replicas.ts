import type { Replica } from '@pushfn/engine/engine'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { isLeaving } from './drain.ts'
import { hasSecretsOf, isOfRevision } from './workload.ts'

type Named = Pick<WantedState, 'aliasId' | 'host' | 'name'>

/** The live revision's replicas that are to stay, in whatever state. */
export const liveReplicas = (context: ControllerContext, state: Named, live: RevisionState): Replica[] =>
  context.replicas
    .of(state)
    .filter((replica) => isToStay(context, state, live, replica) && !isLeaving(context, replica))

/**
 * One with secrets as they were serves until others have taken its calls over, and is not woken again: unless what they say now
 * does not get ready, and it is the better one.
 */
const isToStay = (context: ControllerContext, state: Named, live: RevisionState, replica: Replica): boolean => {
  if (!isOfRevision(replica, live)) return false
  if (hasSecretsOf(replica, live) || replica.state === 'running' || replica.state === 'starting') return true
  return replica.state === 'paused' && hasFailed(context, state, live)
}

const hasFailed = (context: ControllerContext, { aliasId }: Named, { secretsKey }: RevisionState): boolean =>
  secretsKey !== undefined && context.failedSecrets.get(aliasId) === secretsKey

/** Whether others are to take its calls over, with secrets as they are now. */
export const isToRoll = (context: ControllerContext, state: Named, live: RevisionState, replica: Replica): boolean =>
  !hasSecretsOf(replica, live) && !hasFailed(context, state, live)

/** Whether it is of what is live or on its way there; all else is a leftover of a crash, a lost race, or a changed secret. */
export const isKept = (context: ControllerContext, state: WantedState, replica: Replica): boolean => {
  const { live, wanted } = state
  if (live && isToStay(context, state, live, replica)) return true
  return wanted !== undefined && wanted.id !== live?.id && isOfRevision(replica, wanted)
}

/** Those of them that callers may be sent to. */
export const usableReplicas = (context: ControllerContext, state: Named, live: RevisionState): Replica[] =>
  liveReplicas(context, state, live).filter(
    (replica) => replica.state === 'running' && context.replicas.isProven(replica.id),
  )

/** The first ordinals that no replica of the revision has, one on its way out neither. */
export const freeOrdinals = (
  context: ControllerContext,
  state: Named,
  live: RevisionState,
  count: number,
): number[] => {
  const siblings = context.replicas.of(state).filter((replica) => isOfRevision(replica, live))
  const taken = new Set(siblings.map(({ ordinal }) => ordinal))
  const ordinals = Array.from({ length: taken.size + count }, (_, n) => n)
  return ordinals.filter((ordinal) => !taken.has(ordinal)).slice(0, count)
}

const ORDER: readonly Replica['state'][] = ['running', 'starting', 'paused', 'stopped']

/** The ones that are cheapest to keep first: what runs, then what is soonest awake. */
export const cheapestFirst = (replicas: readonly Replica[]): Replica[] =>
  replicas.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.ordinal - b.ordinal)
