import { LIVE } from '@pushfn/model/alias'
import type { BuildTarget } from '@pushfn/model/build-target'
import { AppError } from '@pushfn/model/errors'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { isSameSpecButBranch } from '@pushfn/model/same-spec'
import { ensureLive, pointAlias } from './aliases.ts'
import type { Transaction } from './database.ts'
import { ensureRevision, type RevisionFacts } from './revisions.ts'

export interface Previewed {
  aliasId: string
  revisionId: string
  /** Where callers find it: the preview's alias, or `live` when it is as it is there. */
  alias: string
  isReused: boolean
}

/**
 * Wishes a function under the alias of a build's target, with what is different there. One that is as what is live, by image
 * and configuration, gets no preview, but stands in an environment all the same; one that the preview has already goes on as it runs. Hold the function first. Throws
 * SUPERSEDED when a newer push wants another revision there.
 */
export const wantPreview = async (tx: Transaction, target: BuildTarget, facts: RevisionFacts): Promise<Previewed> => {
  const { functionId, digest, sequence } = facts
  await ensureLive(tx, functionId)
  const aliases = await tx.alias.findMany({
    where: { functionId, name: { in: [LIVE, target.alias] }, removedAt: null },
    include: { revision: true },
  })
  const isAt = (name: string, spec: FunctionSpec) => {
    const alias = aliases.find((one) => one.name === name)
    const at = alias?.revision
    const isSame =
      at?.state === 'live' && at.digest === digest && isSameSpecButBranch(FunctionSpec.parse(at.spec), spec)
    return isSame ? { aliasId: alias?.id ?? '', revisionId: at.id, alias: name, isReused: true } : undefined
  }
  const asInProduction = target.isEnvironment ? undefined : isAt(LIVE, facts.spec)
  if (asInProduction) return asInProduction
  const isGiven = (name: string) => target.secrets.includes(name)
  const spec = {
    ...facts.spec,
    environment: { ...facts.spec.environment, ...target.environment },
    secrets: facts.spec.secrets.filter(isGiven),
    sealed: Object.fromEntries(Object.entries(facts.spec.sealed).filter(([name]) => isGiven(name))),
  }
  const asBefore = isAt(target.alias, spec)
  const revisionId = asBefore?.revisionId ?? (await ensureRevision(tx, { ...facts, spec })).id
  await tx.function.update({ where: { id: functionId }, data: { removedAt: null } })
  const expiresAt = target.expiresAfterMs === null ? null : new Date(Date.now() + target.expiresAfterMs)
  const isWanted = await pointAlias(tx, { name: target.alias, expiresAt }, { functionId, revisionId, sequence })
  if (!isWanted) throw new AppError('SUPERSEDED', `a newer push already wants another preview at ${target.alias}`)
  const { id: aliasId } = await tx.alias.findUniqueOrThrow({
    where: { functionId_name: { functionId, name: target.alias } },
    select: { id: true },
  })
  return asBefore ?? { aliasId, revisionId, alias: target.alias, isReused: false }
}
