import type { Replica, Workload } from '@pushfn/engine/engine'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { secretsOf } from './secrets.ts'

/** A revision's short name in the engine: the random tail of its id. */
export const shortRevision = (revisionId: string): string => revisionId.slice(-12)

export const workloadOf = (context: ControllerContext, state: WantedState, revision: RevisionState): Workload => ({
  tenant: state.tenant,
  function: state.name,
  alias: state.alias,
  revision: shortRevision(revision.id),
  build: revision.buildId,
  image: revision.digest,
  spec: revision.spec,
  generation: String(revision.sequence),
  ...secretsOf(context, state, revision),
})

export const isOfRevision = (replica: Replica, revision: RevisionState): boolean =>
  replica.revision === shortRevision(revision.id)

/** Whether it has the values that the revision's secrets have now. */
export const hasSecretsOf = (replica: Replica, revision: RevisionState): boolean =>
  replica.secrets === revision.secretsKey

/** Which alias it is, for a line of the log. */
export const named = ({ tenant, name, alias }: WantedState) => ({ tenant, function: name, alias })
