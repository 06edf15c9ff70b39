import { LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import { aliasCommit, ensureLive } from './aliases.ts'
import type { Transaction } from './database.ts'
import { ensureRevision, type RevisionFacts } from './revisions.ts'

/**
 * A pin holds a function at the revision that a person chose. What was pushed before the choice does not move it, however
 * late it is built or told of again; what it would have moved it to is kept in the pin, for when it is taken away. The next
 * push that is made after the choice ends it. Hold the function's row (`holdFunction`) around all of this.
 */

/** Whether a pin holds the function against a push that was made at that number of its repository. */
export const isPinnedAgainst = async (
  tx: Transaction,
  fn: { id: string; repositoryId: string; removedAt: Date | null },
  madeAt: bigint,
): Promise<boolean> => {
  if (fn.removedAt) return false
  const pin = (await tx.pin.findUnique({ where: { functionId: fn.id } })) ?? (await pinOfStack(tx, fn))
  return pin !== undefined && madeAt < pin.sequence
}

/** A function that was not there yet when its whole stack was pinned is pinned as it comes. */
const pinOfStack = async (
  tx: Transaction,
  fn: { id: string; repositoryId: string },
): Promise<{ sequence: bigint } | undefined> => {
  const { pinnedSequence: sequence } = await tx.repository.findUniqueOrThrow({ where: { id: fn.repositoryId } })
  if (sequence === null) return undefined
  const hadWishes = await tx.alias.count({ where: { functionId: fn.id, name: LIVE, sequence: { gt: 0 } } })
  if (hadWishes > 0) return undefined
  await pin(tx, fn.id, sequence, { revisionId: null, sequence: 0n })
  return { sequence }
}

/**
 * Keeps a revision that a push would have live, for the end of the pin. Throws SUPERSEDED when a newer push would have
 * another one.
 */
export const wantLater = async (tx: Transaction, facts: RevisionFacts) => {
  const { functionId, sequence } = facts
  const revision = await ensureRevision(tx, facts)
  await tx.revision.updateMany({
    where: { id: revision.id, state: 'wanted' },
    data: { state: 'built', deployedAt: new Date() },
  })
  const { count } = await tx.pin.updateMany({
    where: { functionId, keptSequence: { lte: sequence } },
    data: { keptRevisionId: revision.id, keptSequence: sequence },
  })
  if (count === 0) throw new AppError('SUPERSEDED', 'a newer push would have another revision')
  await aliasCommit(tx, { functionId, sha: facts.sha, revisionId: revision.id })
  const aliasId = await ensureLive(tx, functionId)
  return { alias: LIVE, aliasId, revisionId: revision.id, isReused: false, isPinned: true }
}

/** Pins a function whose `live` is moved by hand; `before` is what its pushes want until now. */
export const pin = async (
  tx: Transaction,
  functionId: string,
  sequence: bigint,
  before: { revisionId: string | null; sequence: bigint },
): Promise<void> => {
  await tx.pin.upsert({
    where: { functionId },
    create: { functionId, sequence, keptRevisionId: before.revisionId, keptSequence: before.sequence },
    // A second choice: what pushes want is what they wanted at the first.
    update: { sequence, createdAt: new Date() },
  })
}

/** A push made since has moved them, or they are removed. */
export const endPins = async (tx: Transaction, functionIds: readonly string[]): Promise<void> => {
  await tx.pin.deleteMany({ where: { functionId: { in: [...functionIds] } } })
}
