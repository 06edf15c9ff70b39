import type { Database } from './database.ts'
import type { SealingKey } from './generated/client.ts'
import type { SealedValue } from './secrets.ts'

export type SealingKeyRow = SealedValue & Pick<SealingKey, 'tenantId' | 'publicKey'>

/** By what the tenant's repositories seal; undefined as long as nobody asked for it. */
export const sealingKeyRow = async (db: Database, tenantId: string): Promise<SealingKeyRow | undefined> =>
  (await db.sealingKey.findUnique({ where: { tenantId } })) ?? undefined

/** Keeps a tenant's key, unless it has one already; returns the one that it has. */
export const keepSealingKey = async (db: Database, row: SealingKeyRow): Promise<SealingKeyRow> => {
  await db.sealingKey.createMany({ data: row, skipDuplicates: true })
  return db.sealingKey.findUniqueOrThrow({ where: { tenantId: row.tenantId } })
}

/** Some that another key than this one wraps, after the one that is given. */
export const sealingKeysUnderOtherKeys = (
  db: Database,
  keyId: string,
  after: string | undefined,
): Promise<SealingKeyRow[]> =>
  db.sealingKey.findMany({
    where: { keyId: { not: keyId }, ...(after !== undefined && { tenantId: { gt: after } }) },
    orderBy: { tenantId: 'asc' },
    take: 100,
  })

/** Puts the same key under another one. */
export const rewrapSealingKey = async (db: Database, before: SealingKeyRow, after: SealedValue): Promise<boolean> => {
  const { tenantId, keyId } = before
  const { count } = await db.sealingKey.updateMany({ where: { tenantId, keyId }, data: after })
  return count > 0
}
