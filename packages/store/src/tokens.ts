import { randomBytes } from 'node:crypto'
import { changePublished, syncPublished } from './calls/published.ts'
import { type PublishedToken, tokenHash, tokenKey, tokenKeys } from './calls/published-tokens.ts'
import type { Database } from './database.ts'
import type { Role, Tenant } from './generated/client.ts'
import type { Redis } from './redis.ts'

export interface ApiTokenRow {
  id: string
  name: string
  role: Role
  hash: Uint8Array
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
}

/** Makes a token of the tenant and returns it: the only time that it can be seen. */
export const createToken = async (
  db: Database,
  tenantId: string,
  about: { name: string; role?: Role | undefined; expiresAt?: Date | undefined },
): Promise<{ token: string; row: ApiTokenRow }> => {
  const token = `pf_${randomBytes(24).toString('base64url')}`
  const row = await db.apiToken.create({
    data: {
      tenantId,
      name: about.name,
      role: about.role ?? 'owner',
      expiresAt: about.expiresAt ?? null,
      hash: tokenHash(token),
    },
  })
  return { token, row }
}

/** The tenant's tokens that are not revoked, newest first; those that have expired are among them. */
export const tokensOf = (db: Database, tenantId: string): Promise<ApiTokenRow[]> =>
  db.apiToken.findMany({ where: { tenantId, revokedAt: null }, orderBy: { id: 'desc' } })

/** Revokes a token of the tenant. Undefined when it has none of that id (any more). */
export const revokeToken = async (db: Database, tenantId: string, id: string): Promise<ApiTokenRow | undefined> => {
  const [row] = await db.apiToken.updateManyAndReturn({
    where: { id, tenantId, revokedAt: null },
    data: { revokedAt: new Date() },
  })
  return row
}

/** Whom a token speaks for, as what, and how it is called; undefined when it is unknown, revoked or expired, or its tenant suspended or removed. */
export const holderOfToken = async (
  db: Database,
  token: string,
): Promise<{ tenant: Tenant; role: Role; token: string } | undefined> => {
  const found = await db.apiToken.findUnique({ where: { hash: tokenHash(token) }, include: { tenant: true } })
  if (!found || found.revokedAt || (found.expiresAt && found.expiresAt < new Date())) return undefined
  if (found.tenant.suspendedAt || found.tenant.removedAt) return undefined
  // Seen to the minute: not one write for each request of a busy token.
  if (!found.lastUsedAt || Date.now() - found.lastUsedAt.getTime() > 60_000) {
    await db.apiToken.update({ where: { id: found.id }, data: { lastUsedAt: new Date() } })
  }
  return { tenant: found.tenant, role: found.role, token: found.name }
}

/** Tells gateways of a new token. Throws when Redis is away. */
export const publishToken = (redis: Redis, cloud: string, row: ApiTokenRow, tenant: string): Promise<void> =>
  changePublished(redis, tokenKeys(cloud), { put: { [tokenKey(row.hash)]: entryOf(tenant, row.expiresAt) } })

/** Tells gateways to forget a token at once. Throws when Redis is away. */
export const unpublishToken = (redis: Redis, cloud: string, row: ApiTokenRow): Promise<void> =>
  changePublished(redis, tokenKeys(cloud), { remove: [tokenKey(row.hash)] })

/** Makes what gateways know of tokens equal to the database. Throws when Redis is away. */
export const syncTokens = (redis: Redis, cloud: string, db: Database): Promise<void> =>
  syncPublished(redis, tokenKeys(cloud), async () => {
    const rows = await db.apiToken.findMany({
      where: {
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }],
        tenant: { suspendedAt: null, removedAt: null },
      },
      select: { hash: true, expiresAt: true, tenant: { select: { slug: true } } },
    })
    return Object.fromEntries(rows.map((row) => [tokenKey(row.hash), entryOf(row.tenant.slug, row.expiresAt)]))
  })

const entryOf = (tenant: string, expiresAt: Date | null): string =>
  JSON.stringify({ tenant, expiresAt: expiresAt?.getTime() ?? null } satisfies PublishedToken)
