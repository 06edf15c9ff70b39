import { LIVE } from '@pushfn/model/alias'
import { aliasCommit } from './aliases.ts'
import type { Database } from './database.ts'
import { storable } from './storable.ts'

/** What the controller alone writes: how far it came with what is wished. */

/**
 * Moves an alias to a revision that answers; where `live` goes, the commit gets its own URL. One transaction, and only when
 * it is still the wanted one of a function that shall run: a controller that slept through a newer wish, or through the end
 * of a repository, changes nothing and gets false.
 */
export const moveAlias = (
  db: Database,
  facts: { aliasId: string; functionId: string; revisionId: string },
): Promise<boolean> =>
  db.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<[{ alias: string; sha: string }?]>`
      SELECT a.name AS alias, v.sha FROM functions f
        JOIN aliases a ON a.function_id = f.id AND a.id = ${facts.aliasId}::uuid
        JOIN revisions v ON v.function_id = f.id AND v.id = ${facts.revisionId}::uuid
        JOIN repositories r ON r.id = f.repository_id AND r.tenant_id = f.tenant_id AND r.removed_at IS NULL
        JOIN tenants t ON t.id = f.tenant_id AND t.removed_at IS NULL AND t.suspended_at IS NULL
      WHERE f.id = ${facts.functionId}::uuid AND f.removed_at IS NULL FOR UPDATE OF f`
    if (!row) return false
    const { count } = await tx.alias.updateMany({
      where: { id: facts.aliasId, wantedRevisionId: facts.revisionId, removedAt: null },
      data: { revisionId: facts.revisionId, failure: null, secretsFailure: null, movedAt: new Date() },
    })
    if (count === 0) return false
    if (row.alias !== LIVE) return true
    await tx.revision.update({ where: { id: facts.revisionId }, data: { deployedAt: new Date() } })
    await aliasCommit(tx, { ...facts, sha: row.sha })
    return true
  })

/** How far the other functions of a revision's stack are. */
export type StackReadiness = { kind: 'ready' } | { kind: 'waiting' } | { kind: 'failed'; function: string }

/** Says that a revision answers, and returns how far its stack is: functions of one push go live together or not at all. */
export const readyInStack = async (
  db: Database,
  revision: { id: string; buildId: string },
): Promise<StackReadiness> => {
  const states = () =>
    db.revision.findMany({
      where: { buildId: revision.buildId },
      select: { id: true, state: true, function: { select: { name: true } } },
    })
  const before = await states()
  if (before.length === 1) return { kind: 'ready' }
  await db.revision.updateMany({ where: { id: revision.id, state: 'wanted' }, data: { state: 'ready' } })
  const rows = await states()
  const failed = rows.find((row) => row.state === 'failed')
  if (failed) return { kind: 'failed', function: failed.function.name }
  return { kind: rows.some((row) => row.state === 'wanted') ? 'waiting' : 'ready' }
}

/** Says that callers reach the revision now: the builder waits for this word. */
export const confirmLive = async (db: Database, revisionId: string): Promise<void> => {
  await db.revision.update({ where: { id: revisionId }, data: { state: 'live', failure: null } })
}

/**
 * A revision did not get ready under an alias: says why, and takes the wish for it back, so that what callers reach stays
 * the wanted one. A revision that was live before stays one that may be wished again.
 */
export const giveUpWish = (
  db: Database,
  facts: { aliasId: string; revisionId: string; failure: string },
): Promise<void> =>
  db.$transaction(async (tx) => {
    const failure = storable(facts.failure)
    const { count } = await tx.revision.updateMany({
      where: { id: facts.revisionId, state: { in: ['wanted', 'ready'] } },
      data: { state: 'failed', failure },
    })
    const isFailed = count > 0
    // What never answered is nobody's wish any more.
    await tx.$executeRaw`
      UPDATE aliases SET wanted_revision_id = revision_id, failure = ${failure}
      WHERE wanted_revision_id = ${facts.revisionId}::uuid
        AND (id = ${facts.aliasId}::uuid OR (${isFailed} AND revision_id IS DISTINCT FROM wanted_revision_id))`
  })

/** Why what is live there does not get ready with its changed secrets, for the tenant; null: it runs with them. */
export const noteSecrets = async (db: Database, aliasId: string, failure: string | null): Promise<void> => {
  await db.alias.updateMany({ where: { id: aliasId }, data: { secretsFailure: storable(failure) } })
}

/**
 * Nothing runs under the alias any more: its row goes, when it was removed or its function was. `live` stays without a
 * revision, with the sequence below which no push brings its function back.
 */
export const forgetAlias = (db: Database, of: { aliasId: string; functionId: string }): Promise<void> =>
  db.$transaction(async (tx) => {
    // Whoever brings the function back holds its row.
    const [fn] = await tx.$queryRaw<[{ isRemoved: boolean }?]>`
      SELECT removed_at IS NOT NULL AS "isRemoved" FROM functions WHERE id = ${of.functionId}::uuid FOR UPDATE`
    if (!fn) return
    const gone = fn.isRemoved ? {} : { removedAt: { not: null } }
    await tx.alias.deleteMany({ where: { id: of.aliasId, name: { not: LIVE }, ...gone } })
    if (!fn.isRemoved) return
    await tx.alias.updateMany({
      where: { id: of.aliasId, name: LIVE },
      data: { revisionId: null, wantedRevisionId: null },
    })
  })
