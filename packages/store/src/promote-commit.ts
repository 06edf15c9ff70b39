import { LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import { ensureLive, wantLive } from './aliases.ts'
import type { Claim } from './builds.ts'
import { refuseIfCancelled } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import { keptOfCommit } from './kept-of-commit.ts'
import { endPins, isPinnedAgainst } from './pins.ts'
import { ensureFunction, holdBuild, holdOwner, overtaken, type WantedRevision } from './releases.ts'

export interface PromotionFacts {
  claim: Claim
  tenantId: string
  repositoryId: string
  sha: string
  /** Of the tag's push. */
  sequence: bigint
  /** When that was made, in the same count. */
  madeAt: bigint
}

/**
 * Wishes `live` of all functions of a commit where it had them: what a release is, without anything being built. Fenced by
 * the build's generation and the push's sequence, and held up by pins, as a release is. Throws LEASE_LOST, CANCELLED,
 * SUPERSEDED, FUNCTION_TAKEN, or ENGINE_FAILED when something of it was swept meanwhile: then it is to be built.
 */
export const promoteCommit = (db: Database, facts: PromotionFacts): Promise<WantedRevision[]> =>
  db.$transaction(async (tx) => {
    await holdOwner(tx, facts)
    await holdBuild(tx, facts.claim)
    await refuseIfCancelled(tx, { id: facts.claim.buildId, tenantId: facts.tenantId })
    const seen = await keptOfCommit(tx, facts)
    // In one order for everybody, as releases do; while they are held nothing of them is swept.
    const held: HeldFunction[] = []
    for (const name of Object.keys(seen?.released ?? {}).toSorted()) held.push(await ensureFunction(tx, facts, name))
    const kept = await keptOfCommit(tx, facts)
    if (!kept || held.length !== Object.keys(kept.released).length) throw noMoreKept(facts.sha)
    const revisions: WantedRevision[] = []
    for (const fn of held) revisions.push(await wantKept(tx, facts, fn, kept.released[fn.name] ?? ''))
    await tx.build.update({ where: { id: facts.claim.buildId }, data: { tree: kept.tree } })
    return revisions
  })

type HeldFunction = Awaited<ReturnType<typeof ensureFunction>>

const wantKept = async (
  tx: Transaction,
  facts: PromotionFacts,
  fn: HeldFunction,
  revisionId: string,
): Promise<WantedRevision> => {
  const { id: functionId, name } = fn
  const aliasId = await ensureLive(tx, functionId)
  const told = { name, functionId, revisionId, alias: LIVE, aliasId, isReused: false, isPinned: false, isStaged: false }
  if (await isPinnedAgainst(tx, fn, facts.madeAt)) {
    const pin = { keptRevisionId: revisionId, keptSequence: facts.sequence }
    await tx.pin.updateMany({ where: { functionId, keptSequence: { lte: facts.sequence } }, data: pin })
    return { ...told, isPinned: true }
  }
  await endPins(tx, [functionId])
  const live = await tx.alias.findUniqueOrThrow({ where: { id: aliasId } })
  const isThere = live.revisionId === revisionId && live.wantedRevisionId === revisionId && !fn.removedAt
  await tx.function.update({ where: { id: functionId }, data: { removedAt: null } })
  if (!(await wantLive(tx, { functionId, revisionId, sequence: facts.sequence }))) throw overtaken(name)
  await tx.revision.updateMany({ where: { id: revisionId, state: 'built' }, data: { state: 'wanted' } })
  return { ...told, isReused: isThere }
}

const noMoreKept = (sha: string): AppError =>
  new AppError('ENGINE_FAILED', `what was built of ${sha} is not kept any more`, {
    hint: `what was built of ${sha.slice(0, 8)} was swept meanwhile: it is built anew`,
  })
