import type { Replica } from '@pushfn/engine/engine'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { isLeaving } from './drain.ts'
import { isOfRevision } from './workload.ts'

type Named = Pick<WantedState, 'host' | 'name'>

/** The live revision's replicas that are to stay, in whatever state. */
export const liveReplicas = (context: ControllerContext, state: Named, live: RevisionState): Replica[] =>
  context.replicas.of(state).filter((replica) => isOfRevision(replica, live) && !isLeaving(context, replica))

/** Those of them that callers may be sent to. */
export const usableReplicas = (context: ControllerContext, state: Named, live: RevisionState): Replica[] =>
  liveReplicas(context, state, live).filter(
    (replica) => replica.state === 'running' && context.replicas.isProven(replica.id),
  )

const ORDER: readonly Replica['state'][] = ['running', 'starting', 'paused', 'stopped']

/** The ones that are cheapest to keep first: what runs, then what is soonest awake. */
export const cheapestFirst = (replicas: readonly Replica[]): Replica[] =>
  replicas.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.ordinal - b.ordinal)
