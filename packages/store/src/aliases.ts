import { type AliasName, LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import type { Database, Transaction } from './database.ts'

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

/** Wishes that `live` moves to a revision of the function. False when a newer push wants another one. */
export const wantLive = async (tx: Transaction, wish: Wish): Promise<boolean> => want(tx, LIVE, wish, { failure: null })

/**
 * Wishes that an alias other than `live` points at a revision of the function, and makes it where it is missing: it gets a
 * host, a route and replicas of its own. `expiresAt` null: it stays until it is removed. False when a newer push wants
 * another one.
 */
export const pointAlias = async (
  tx: Transaction,
  alias: { name: AliasName; expiresAt: Date | null },
  wish: Wish,
): Promise<boolean> => {
  if (alias.name === LIVE) throw new AppError('INTERNAL', 'live is moved by wantLive alone')
  await holdFunction(tx, wish.functionId)
  await tx.revision.findFirstOrThrow({ where: { id: wish.revisionId, functionId: wish.functionId } })
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
  const { count } = await tx.alias.updateMany({
    where: { functionId, name, sequence: { lte: sequence } },
    data: { ...also, wantedRevisionId: revisionId, sequence },
  })
  return count === 1
}

/** Marks an alias other than `live` as removed: the controller stops what runs under it. False when there is none. */
export const removeAlias = async (tx: Transaction, of: { functionId: string; name: AliasName }): Promise<boolean> => {
  const { count } = await tx.alias.updateMany({
    where: { ...of, AND: { name: { not: LIVE } }, removedAt: null },
    data: { removedAt: new Date() },
  })
  return count === 1
}

/** Marks those whose time has passed as removed. Returns the functions' ids. */
export const removeExpired = async (db: Database, now = new Date()): Promise<string[]> => {
  const rows = await db.alias.updateManyAndReturn({
    where: { expiresAt: { lte: now }, removedAt: null, name: { not: LIVE } },
    data: { removedAt: now },
    select: { functionId: true },
  })
  return [...new Set(rows.map((row) => row.functionId))]
}
