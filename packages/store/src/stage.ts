import { commitAlias, LIVE } from '@pushfn/model/alias'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { isSameSpec } from '@pushfn/model/same-spec'
import { aliasCommit, ensureLive } from './aliases.ts'
import type { Transaction } from './database.ts'
import { ensureRevision, type RevisionFacts } from './revisions.ts'

export interface Staged {
  aliasId: string
  revisionId: string
  /** Where callers find it: the commit's. */
  alias: string
  isReused: boolean
}

/**
 * Keeps a function as a commit has it, under the commit's URL: `live` stays where it is, and no pin is asked, for nothing
 * moves. One that is as what is live makes no revision. Hold the function first.
 */
export const stage = async (tx: Transaction, facts: RevisionFacts): Promise<Staged> => {
  const { functionId, sha, digest, spec } = facts
  const alias = commitAlias(sha)
  const aliasId = await ensureLive(tx, functionId)
  const { revision: live, function: fn } = await tx.alias.findUniqueOrThrow({
    where: { functionId_name: { functionId, name: LIVE } },
    include: { revision: true, function: { select: { removedAt: true } } },
  })
  const isAsLive =
    !fn.removedAt &&
    live?.state === 'live' &&
    live.digest === digest &&
    live.buildId !== facts.buildId &&
    isSameSpec(FunctionSpec.parse(live.spec), spec)
  if (isAsLive) return { aliasId, revisionId: live.id, alias, isReused: true }
  const { id: revisionId } = await ensureRevision(tx, facts)
  await tx.revision.updateMany({
    where: { id: revisionId, state: 'wanted' },
    data: { state: 'built', deployedAt: new Date() },
  })
  await tx.function.update({ where: { id: functionId }, data: { removedAt: null } })
  await aliasCommit(tx, { functionId, sha, revisionId })
  return { aliasId, revisionId, alias, isReused: false }
}
