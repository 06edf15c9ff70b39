import type { Database } from './database.ts'
import { type ForgeKind, Prisma, type Repository, type Tenant } from './generated/client.ts'

/** A repository whose deploy branch is to be compared with its forge's. */
export interface HeadCheck {
  repository: Repository & { tenant: Tenant }
  /** When it was looked at before. */
  checkedBefore: Date | null
}

/**
 * Takes repositories whose heads were not looked at since `before`, the longest unseen first: whoever takes them looks, and
 * nobody else does. `resting` are installations that are left alone for now.
 */
export const takeHeadChecks = async (
  db: Database,
  options: { forges: readonly ForgeKind[]; before: Date; count: number; resting: readonly string[] },
): Promise<HeadCheck[]> => {
  if (options.forges.length === 0) return []
  const forges = Prisma.join(options.forges.map((forge) => Prisma.sql`${forge}::"ForgeKind"`))
  const taken = await db.$queryRaw<{ id: string; checkedBefore: Date | null }[]>`
    WITH due AS (
      SELECT r.id, r.head_checked_at FROM repositories r JOIN tenants t ON t.id = r.tenant_id
      WHERE r.forge IN (${forges}) AND r.removed_at IS NULL AND t.removed_at IS NULL AND t.suspended_at IS NULL
        AND (r.head_checked_at IS NULL OR r.head_checked_at < ${options.before})
        AND coalesce(r.installation_id, '') <> ALL(${[...options.resting]})
      ORDER BY r.head_checked_at NULLS FIRST LIMIT ${options.count} FOR UPDATE OF r SKIP LOCKED)
    UPDATE repositories r SET head_checked_at = now() FROM due WHERE r.id = due.id
    RETURNING r.id, due.head_checked_at AS "checkedBefore"`
  const rows = await db.repository.findMany({
    where: { id: { in: taken.map(({ id }) => id) } },
    include: { tenant: true },
  })
  return rows.map((repository) => ({
    repository,
    checkedBefore: taken.find(({ id }) => id === repository.id)?.checkedBefore ?? null,
  }))
}

/** It could not be looked at: it is due as it was. */
export const returnHeadCheck = async (db: Database, { repository, checkedBefore }: HeadCheck): Promise<void> => {
  await db.repository.update({ where: { id: repository.id }, data: { headCheckedAt: checkedBefore } })
}
