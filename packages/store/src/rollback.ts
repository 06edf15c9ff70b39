import { LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import { ensureLive, holdFunction, wantLive } from './aliases.ts'
import type { Database, Transaction } from './database.ts'
import { pin } from './pins.ts'
import { nextSequence } from './sequences.ts'
import {
  chosenRevision,
  type HeldFunction,
  type KeptRevision,
  revisionBefore,
  stackAt,
  type Target,
} from './targets.ts'

/** Where `live` of a function shall be now, by somebody's choice. */
export interface Choice {
  functionId: string
  name: string
  aliasId: string
  revisionId: string
  sha: string
  /** The choice's place among the pushes. */
  sequence: bigint
}

interface FunctionName {
  tenantId: string
  name: string
}

/**
 * Moves `live` of one function to a revision that is kept: to the one that was live before, or to a chosen one. Nothing is
 * built; the controller deploys it as it deploys a push. From now on the function is pinned (`pins.ts`). Ring
 * `functionWanted` afterwards. Throws NOT_FOUND for a function or a revision that is not there, CONFLICT for one that
 * cannot run again.
 */
export const rollBack = (db: Database, of: FunctionName, target: Target): Promise<Choice> =>
  inTurn(db, of, async (tx, fn) => {
    const revision = target === 'before' ? await revisionBefore(tx, fn) : await chosenRevision(tx, fn, target)
    return choose(tx, fn, revision)
  })

/**
 * Moves every function of a repository to where it was when a commit was live. Functions that the commit did not have stay
 * where they are; all are pinned, and so are those that a push of before is still to bring.
 */
export const rollBackStack = (db: Database, repositoryId: string, sha: string): Promise<Choice[]> =>
  db.$transaction(async (tx) => {
    const sequence = await nextSequence(tx, repositoryId)
    const rows = await tx.$queryRaw<{ id: string; name: string; isRemoved: boolean }[]>`
      SELECT id, name, removed_at IS NOT NULL AS "isRemoved" FROM functions
      WHERE repository_id = ${repositoryId}::uuid ORDER BY name COLLATE "C" FOR UPDATE`
    const revisions = await stackAt(tx, repositoryId, sha)
    const choices: Choice[] = []
    for (const row of rows) {
      const fn = { ...row, repositoryId, sequence }
      const revision = revisions.get(row.id)
      if (revision) choices.push(await choose(tx, fn, revision))
      else if (!row.isRemoved) await stay(tx, fn)
    }
    await tx.repository.update({ where: { id: repositoryId }, data: { pinnedSequence: sequence } })
    return choices
  })

/** Holds the function with its repository's count, in the order in which pushes and releases hold them. */
export const inTurn = <Result>(
  db: Database,
  { tenantId, name }: FunctionName,
  work: (tx: Transaction, fn: HeldFunction) => Promise<Result>,
): Promise<Result> =>
  db.$transaction(async (tx) => {
    const find = () => tx.function.findUnique({ where: { tenantId_name: { tenantId, name }, removedAt: null } })
    const seen = await find()
    if (!seen) throw noSuchFunction(name)
    const sequence = await nextSequence(tx, seen.repositoryId)
    await holdFunction(tx, seen.id)
    const fn = await find()
    if (!fn || fn.repositoryId !== seen.repositoryId) throw noSuchFunction(name)
    return work(tx, { id: fn.id, name, repositoryId: fn.repositoryId, sequence })
  })

/** Moves a held function to a kept revision, and pins it. */
export const choose = async (tx: Transaction, fn: HeldFunction, revision: KeptRevision): Promise<Choice> => {
  const aliasId = await stay(tx, fn)
  await wantLive(tx, { functionId: fn.id, revisionId: revision.id, sequence: fn.sequence })
  // It was built, and nobody wished it live until now.
  await tx.revision.updateMany({ where: { id: revision.id, state: 'built' }, data: { state: 'wanted' } })
  await tx.function.update({ where: { id: fn.id }, data: { removedAt: null } })
  return {
    functionId: fn.id,
    name: fn.name,
    aliasId,
    revisionId: revision.id,
    sha: revision.sha,
    sequence: fn.sequence,
  }
}

/** Pins the function where it is. What was on its way there need not arrive. Returns the id of its alias `live`. */
export const stay = async (tx: Transaction, fn: HeldFunction): Promise<string> => {
  const aliasId = await ensureLive(tx, fn.id)
  const live = await tx.alias.findUniqueOrThrow({ where: { id: aliasId } })
  const wanted = live.wantedRevisionId ?? live.revisionId
  await pin(tx, fn.id, fn.sequence, { revisionId: wanted, sequence: live.sequence })
  if (wanted !== live.revisionId && wanted !== null) {
    await tx.revision.updateMany({
      where: { id: wanted, state: { in: ['wanted', 'ready'] } },
      data: { state: 'built' },
    })
  }
  await tx.alias.update({
    where: { id: aliasId },
    data: { wantedRevisionId: live.revisionId, sequence: fn.sequence },
  })
  return aliasId
}

/**
 * Ends a function's pin: what its pushes wanted meanwhile is wished, and those that are still being built count again.
 * Returns the wish; undefined when the function was not pinned, or stands there already.
 */
export const unpin = (db: Database, { tenantId, name }: FunctionName): Promise<Choice | undefined> =>
  db.$transaction(async (tx) => {
    const fn = await tx.function.findUnique({ where: { tenantId_name: { tenantId, name }, removedAt: null } })
    if (!fn) throw noSuchFunction(name)
    return release(tx, fn)
  })

/** The same of all functions of a repository, and of those that are still to come. */
export const unpinStack = (db: Database, repositoryId: string): Promise<Choice[]> =>
  db.$transaction(async (tx) => {
    await tx.repository.update({ where: { id: repositoryId }, data: { pinnedSequence: null } })
    const functions = await tx.function.findMany({ where: { repositoryId, removedAt: null } })
    const choices: Choice[] = []
    for (const fn of functions.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const choice = await release(tx, fn)
      if (choice) choices.push(choice)
    }
    return choices
  })

const release = async (tx: Transaction, fn: { id: string; name: string }): Promise<Choice | undefined> => {
  await holdFunction(tx, fn.id)
  const pinned = await tx.pin.findUnique({ where: { functionId: fn.id }, include: { kept: true } })
  if (!pinned) return undefined
  await tx.pin.delete({ where: { functionId: fn.id } })
  const { kept, keptSequence: sequence } = pinned
  const key = { functionId_name: { functionId: fn.id, name: LIVE } }
  const live = await tx.alias.findUniqueOrThrow({ where: key })
  const wanted = kept && kept.state !== 'failed' ? kept.id : live.revisionId
  await tx.alias.update({ where: key, data: { wantedRevisionId: wanted, sequence, failure: null } })
  if (!kept || wanted !== kept.id || wanted === live.revisionId) return undefined
  await tx.revision.updateMany({ where: { id: kept.id, state: 'built' }, data: { state: 'wanted' } })
  return { functionId: fn.id, name: fn.name, aliasId: live.id, revisionId: kept.id, sha: kept.sha, sequence }
}

const noSuchFunction = (name: string): AppError =>
  new AppError('NOT_FOUND', 'no such function', { hint: `you have no function “${name.slice(0, 63)}” here` })
