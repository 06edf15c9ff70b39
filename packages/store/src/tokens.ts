import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'
import type { Tenant } from './generated/client.ts'

/** API tokens are random, so a plain SHA-256 of one can neither be guessed nor turned back. */
const hashOf = (token: string): Buffer<ArrayBuffer> => createHash('sha256').update(token).digest()

/** Makes a token of the tenant and returns it: the only time that it can be seen. */
export const createToken = async (db: Database, tenantId: string, name: string): Promise<string> => {
  const token = `pf_${randomBytes(24).toString('base64url')}`
  await db.apiToken.create({ data: { tenantId, name, hash: hashOf(token) } })
  return token
}

/** The tenant a token speaks for; undefined when it is unknown, revoked or expired, or its tenant suspended or removed. */
export const tenantOfToken = async (db: Database, token: string): Promise<Tenant | undefined> => {
  const found = await db.apiToken.findUnique({ where: { hash: hashOf(token) }, include: { tenant: true } })
  if (!found || found.revokedAt || (found.expiresAt && found.expiresAt < new Date())) return undefined
  if (found.tenant.suspendedAt || found.tenant.removedAt) return undefined
  // Seen to the minute: not one write for each request of a busy token.
  if (!found.lastUsedAt || Date.now() - found.lastUsedAt.getTime() > 60_000) {
    await db.apiToken.update({ where: { id: found.id }, data: { lastUsedAt: new Date() } })
  }
  return found.tenant
}
