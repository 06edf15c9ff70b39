import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

export interface AuditFacts {
  /** Undefined: of the whole cloud. */
  tenantId?: string | undefined
  actor: string
  action: string
  subject: Readonly<Record<string, string>>
  address: string
}

const include = { tenant: { select: { slug: true } } } satisfies Prisma.AuditEntryInclude

export type AuditRow = Prisma.AuditEntryGetPayload<{ include: typeof include }>

export const recordDeed = async (db: Database, { tenantId, actor, subject, ...facts }: AuditFacts): Promise<void> => {
  await db.auditEntry.create({
    data: { ...facts, tenantId: tenantId ?? null, actor: storable(actor), subject: storable({ ...subject }) },
  })
}

/** What was done, newest first, `limit` of them before the entry `before`: of one tenant, or of all and the cloud itself. */
export const auditPage = (
  db: Database,
  of: { tenantId?: string },
  page: { limit: number; before?: string | undefined },
): Promise<AuditRow[]> =>
  db.auditEntry.findMany({
    where: { ...of, ...(page.before && { id: { lt: page.before } }) },
    orderBy: { id: 'desc' },
    take: page.limit,
    include,
  })
