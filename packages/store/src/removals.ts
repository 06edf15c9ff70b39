import { LIVE } from '@pushfn/model/alias'
import type { Database, Transaction } from './database.ts'
import { removeRepositories } from './repositories.ts'

/** What was taken away by a forge's word, and how long that can be undone. */

/**
 * Repositories came back: what was live of them when they went shall be live again, unless the grace time has passed or
 * another repository has the name now. Returns the functions, for the controller's bell.
 */
export const restoreFunctions = async (tx: Transaction, repositoryIds: readonly string[]): Promise<string[]> => {
  const functions = await tx.$queryRaw<{ id: string; restorableId: string }[]>`
    SELECT f.id, f.restorable_id AS "restorableId" FROM functions f
      JOIN repositories r ON r.id = f.repository_id AND r.tenant_id = f.tenant_id
      JOIN revisions v ON v.id = f.restorable_id AND v.function_id = f.id
    WHERE f.repository_id = ANY(${[...repositoryIds]}::uuid[]) AND f.removed_at IS NOT NULL
    ORDER BY f.id FOR UPDATE OF f`
  for (const { id, restorableId } of functions) {
    await tx.function.update({ where: { id }, data: { removedAt: null, restorableId: null } })
    await tx.alias.updateMany({
      where: { functionId: id, name: LIVE },
      data: { wantedRevisionId: restorableId, failure: null },
    })
  }
  return functions.map(({ id }) => id)
}

/** An account has its App again: what stopped when it went may run again. Returns the functions, for the controller's bell. */
export const functionsOfTenant = async (tx: Transaction, tenantId: string): Promise<string[]> =>
  (await tx.function.findMany({ where: { tenantId, removedAt: null }, select: { id: true } })).map(({ id }) => id)

/** A tenant's repositories of a forge's installation that are not among those, by the forge's ids. */
export const repositoriesBeside = async (
  tx: Transaction,
  tenantId: string,
  forgeIds: readonly string[],
): Promise<string[]> => {
  const kept = new Set(forgeIds)
  const all = await tx.repository.findMany({
    where: { tenantId, removedAt: null },
    select: { id: true, forgeRepositoryId: true },
  })
  return all.filter((row) => !kept.has(row.forgeRepositoryId)).map(({ id }) => id)
}

/**
 * Ends the grace time of what went so many days ago: it does not come back by itself any more. Returns how many functions
 * that are.
 */
export const endGrace = async (db: Database, days: number): Promise<number> =>
  db.$transaction(async (tx) => {
    const gone = await tx.$queryRaw<{ id: string }[]>`
      SELECT r.id FROM repositories r JOIN tenants t ON t.id = r.tenant_id
      WHERE r.removed_at IS NULL AND t.removed_at < now() - ${days} * interval '1 day'`
    const { functions } = await removeRepositories(
      tx,
      gone.map(({ id }) => id),
    )
    return tx.$executeRaw`
      UPDATE functions SET restorable_id = NULL WHERE restorable_id IS NOT NULL
        AND (removed_at < now() - ${days} * interval '1 day' OR id = ANY(${functions}::uuid[]))`
  })
