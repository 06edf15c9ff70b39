import { type AliasName, commitAlias, LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import type { Database, Transaction } from './database.ts'
import { endDeployments } from './reports.ts'

/**
 * Who wants which alias to point where. What is written here is a wish; the controller brings it about and moves the alias
 * (`alias-moves.ts`). Ring `functionWanted` with the function's id afterwards.
 */
export interface Wish {
  functionId: string
  revisionId: string
  /** Of the push that wants it: beside a newer one's wish it changes nothing. */
  sequence: bigint
}

/**
 * Locks a function's row for the transaction: to be taken before a row of its aliases is written, by everybody, so that
 * nobody waits in a circle.
 */
export const holdFunction = async (tx: Transaction, functionId: string): Promise<void> => {
  await tx.$queryRaw`SELECT id FROM functions WHERE id = ${functionId}::uuid FOR UPDATE`
}

/** The alias that every function has, made when it is missing. Returns its id. */
export const ensureLive = async (tx: Transaction, functionId: string): Promise<string> => {
  const key = { functionId, name: LIVE }
  return (await tx.alias.upsert({ where: { functionId_name: key }, create: key, update: {} })).id
}

/**
 * Wishes that `live` moves to a revision of the function. False when a newer push wants another one. Throws CONFLICT for a
 * revision that was swept.
 */
export const wantLive = async (tx: Transaction, wish: Wish): Promise<boolean> => want(tx, LIVE, wish, { failure: null })

/**
 * Wishes that an alias other than `live` points at a revision of the function, and makes it where it is missing: it gets a
 * host, a route and replicas of its own. `expiresAt` null: it stays until it is removed. False when a newer push wants
 * another one. Throws CONFLICT for a revision that was swept.
 */
export const pointAlias = async (
  tx: Transaction,
  alias: { name: AliasName; expiresAt: Date | null },
  wish: Wish,
): Promise<boolean> => {
  if (alias.name === LIVE) throw new AppError('INTERNAL', 'live is moved by wantLive alone')
  await holdFunction(tx, wish.functionId)
  const key = { functionId: wish.functionId, name: alias.name }
  await tx.alias.upsert({ where: { functionId_name: key }, create: key, update: {} })
  return want(tx, alias.name, wish, { failure: null, expiresAt: alias.expiresAt, removedAt: null })
}

const want = async (
  tx: Transaction,
  name: string,
  { functionId, revisionId, sequence }: Wish,
  also: { failure: null; expiresAt?: Date | null; removedAt?: null },
): Promise<boolean> => {
  await holdFunction(tx, functionId)
  if (!(await isKept(tx, { functionId, revisionId }))) {
    throw new AppError('CONFLICT', `revision ${revisionId} is not there to be pointed at`, {
      hint: 'that revision is not kept any more: deploy its commit again',
    })
  }
  const { count } = await tx.alias.updateMany({
    where: { functionId, name, sequence: { lte: sequence } },
    data: { ...also, wantedRevisionId: revisionId, sequence },
  })
  return count === 1
}

/**
 * Gives a deployed commit its own URL of a function: at once, since the revision has answered and nothing of the alias runs
 * until it is called. The revision may be an earlier commit's, of a function that did not change. False for one that was
 * swept.
 */
export const aliasCommit = async (
  tx: Transaction,
  of: { functionId: string; sha: string; revisionId: string },
): Promise<boolean> => {
  await holdFunction(tx, of.functionId)
  if (!(await isKept(tx, of))) return false
  const key = { functionId: of.functionId, name: commitAlias(of.sha) }
  const place = { revisionId: of.revisionId, wantedRevisionId: of.revisionId }
  await tx.alias.upsert({
    where: { functionId_name: key },
    create: { ...key, ...place },
    update: { ...place, movedAt: new Date(), removedAt: null },
  })
  return true
}

/** While the function's row is held nothing of it is swept. */
const isKept = async (tx: Transaction, of: { functionId: string; revisionId: string }): Promise<boolean> => {
  const where = { id: of.revisionId, functionId: of.functionId, sweptAt: null }
  return (await tx.revision.findFirst({ where, select: { id: true } })) !== null
}

/** Marks an alias other than `live` as removed: the controller stops what runs under it. False when there is none. */
export const removeAlias = async (tx: Transaction, of: { functionId: string; name: AliasName }): Promise<boolean> => {
  const { count } = await tx.alias.updateMany({
    where: { ...of, AND: { name: { not: LIVE } }, removedAt: null },
    data: { removedAt: new Date() },
  })
  return count === 1
}

/** Marks those whose time has passed as removed, and ends the deployments that were of them. Returns the functions' ids. */
export const removeExpired = (db: Database, now = new Date()): Promise<string[]> =>
  db.$transaction(async (tx) => {
    const rows = await tx.alias.updateManyAndReturn({
      where: { expiresAt: { lte: now }, removedAt: null, name: { not: LIVE } },
      data: { removedAt: now },
      select: { functionId: true, name: true, function: { select: { repositoryId: true } } },
    })
    const places = new Map(rows.map((row) => [`${row.function.repositoryId}/${row.name}`, row]))
    for (const { name: alias, function: fn } of places.values()) {
      const { repositoryId } = fn
      const isLeft = await tx.alias.count({ where: { name: alias, removedAt: null, function: { repositoryId } } })
      if (isLeft > 0) continue
      await endDeployments(tx, { pullRequest: { repositoryId, alias } }, 'its time is over')
    }
    return [...new Set(rows.map((row) => row.functionId))]
  })
