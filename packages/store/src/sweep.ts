import { COMMIT_ALIAS } from '@pushfn/model/alias'
import { holdFunction } from './aliases.ts'
import type { Database, Transaction } from './database.ts'

/**
 * What is kept of a function's past: the revisions that were live last, for rollbacks and for their commits' URLs, and
 * whatever an alias other than a commit's points at. The rest is marked as swept, which nothing takes back: an image may be
 * removed once no revision that is kept has it.
 */

/**
 * Marks what is beyond the newest `keep` of each function, and the commits' aliases that go with it. Returns the functions
 * of which something went.
 */
export const sweepRevisions = async (db: Database, keep: number): Promise<string[]> => {
  const rows = await db.$queryRaw<{ functionId: string }[]>`
    SELECT function_id AS "functionId" FROM revisions WHERE swept_at IS NULL
      GROUP BY function_id HAVING count(*) > ${keep}
    UNION SELECT function_id FROM aliases WHERE name ~ ${COMMIT_ALIAS.source} AND removed_at IS NULL
      GROUP BY function_id HAVING count(*) > ${keep}
    UNION SELECT r.function_id FROM revisions r JOIN functions f ON f.id = r.function_id
      JOIN builds b ON b.id = r.build_id
      WHERE r.swept_at IS NULL AND (r.deployed_at IS NULL OR f.removed_at IS NOT NULL OR b.target IS NOT NULL)`
  const swept: string[] = []
  for (const { functionId } of rows) {
    const isChanged = await db.$transaction(async (tx) => {
      await holdFunction(tx, functionId)
      const revisions = await markRevisions(tx, functionId, keep)
      const aliases = await removeCommits(tx, functionId, keep)
      return revisions + aliases > 0
    })
    if (isChanged) swept.push(functionId)
  }
  return swept
}

/**
 * A revision that is being released is older than its alias for moments only. Previews have no past: one that no alias points
 * at goes, and none of them takes a place from what was live; nor does what waits for a tag.
 */
const markRevisions = (tx: Transaction, functionId: string, keep: number): Promise<number> =>
  tx.$executeRaw`
    UPDATE revisions SET swept_at = now() WHERE id IN (
      SELECT r.id FROM (
        SELECT v.id, v.deployed_at, v.created_at, v.function_id, b.target IS NOT NULL AS is_preview,
          row_number() OVER (PARTITION BY b.target IS NULL, b.is_staged AND v.state = 'built' ORDER BY v.deployed_at DESC NULLS LAST) AS rank
        FROM revisions v JOIN builds b ON b.id = v.build_id
        WHERE v.function_id = ${functionId}::uuid AND v.swept_at IS NULL
      ) r JOIN functions f ON f.id = r.function_id
      WHERE (
        (r.deployed_at IS NOT NULL AND r.rank > ${keep} AND NOT r.is_preview)
        OR ((r.deployed_at IS NULL OR r.is_preview) AND r.created_at < now() - interval '1 hour')
        OR f.removed_at < now() - interval '1 day'
      ) AND f.restorable_id IS DISTINCT FROM r.id AND NOT EXISTS (
        SELECT FROM aliases a WHERE (a.revision_id = r.id OR a.wanted_revision_id = r.id)
          AND a.removed_at IS NULL AND a.name !~ ${COMMIT_ALIAS.source})
        AND NOT EXISTS (SELECT FROM pins p WHERE p.kept_revision_id = r.id))`

/**
 * A commit's own revision keeps its URL; of those that point at an earlier commit's, since nothing had changed, there are
 * as many as of revisions.
 */
const removeCommits = (tx: Transaction, functionId: string, keep: number): Promise<number> =>
  tx.$executeRaw`
    UPDATE aliases SET removed_at = now() WHERE id IN (
      SELECT id FROM (
        SELECT a.id, r.swept_at IS NOT NULL AS is_swept, a.name = left(r.sha, 8) AS is_own,
          row_number() OVER (ORDER BY a.moved_at DESC) AS rank
        FROM aliases a JOIN revisions r ON r.id = a.revision_id
        WHERE a.function_id = ${functionId}::uuid AND a.name ~ ${COMMIT_ALIAS.source} AND a.removed_at IS NULL
      ) c WHERE c.is_swept OR (c.rank > ${keep} AND NOT c.is_own))`

/** Images that no revision needs any more, and that may still be on the engine. */
export const sweptImages = async (db: Database): Promise<string[]> => {
  const rows = await db.$queryRaw<{ digest: string }[]>`
    SELECT DISTINCT r.digest FROM revisions r
    WHERE r.swept_at IS NOT NULL AND r.image_gone_at IS NULL
      AND NOT EXISTS (SELECT FROM revisions o WHERE o.digest = r.digest AND o.swept_at IS NULL)
    LIMIT 500`
  return rows.map((row) => row.digest)
}

/** The engine has none of it any more. */
export const imageGone = async (db: Database, digest: string): Promise<void> => {
  await db.revision.updateMany({ where: { digest, sweptAt: { not: null } }, data: { imageGoneAt: new Date() } })
}
