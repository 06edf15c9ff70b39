import { randomUUID } from 'node:crypto'
import { RateLimits } from '@pushfn/model/access-policy'
import { slugFrom, type TenantSlug } from '@pushfn/model/names'
import type { Database, Transaction } from './database.ts'
import { type ForgeKind, Prisma, type Tenant } from './generated/client.ts'

export type { Tenant } from './generated/client.ts'

/** The tenant of a slug, also a suspended or removed one; undefined when there is none. */
export const tenantBySlug = async (db: Database, slug: string): Promise<Tenant | undefined> =>
  (await db.tenant.findUnique({ where: { slug } })) ?? undefined

/** The tenant of a forge account, also a suspended or removed one; undefined when there is none. */
export const tenantByAccount = async (
  tx: Transaction,
  forge: ForgeKind,
  accountId: string,
): Promise<Tenant | undefined> =>
  (await tx.tenant.findUnique({ where: { forge_forgeAccountId: { forge, forgeAccountId: accountId } } })) ?? undefined

export const tenantById = async (db: Database | Transaction, id: string): Promise<Tenant | undefined> =>
  (await db.tenant.findUnique({ where: { id } })) ?? undefined

/** A tenant without a forge. Creating it again gives the one there is. */
export const createBuiltinTenant = async (
  db: Database,
  slug: TenantSlug,
): Promise<{ tenant: Tenant; isNew: boolean }> => {
  const there = await tenantBySlug(db, slug)
  if (there) return { tenant: there, isNew: false }
  const tenant = await db.tenant.create({
    data: { slug, forge: 'builtin', forgeAccountId: randomUUID(), login: slug },
  })
  return { tenant, isNew: true }
}

/**
 * The tenant of a forge account, made when it is new, with the login it has today. Keyed by the account's numeric id:
 * somebody who takes over a freed login becomes another tenant with another slug.
 */
export const ensureTenant = async (
  tx: Transaction,
  account: { forge: ForgeKind; id: string; login: string },
): Promise<Tenant> => {
  const key = { forge_forgeAccountId: { forge: account.forge, forgeAccountId: account.id } }
  const there = await tx.tenant.findUnique({ where: key })
  if (there) {
    if (there.login === account.login && !there.removedAt) return there
    return tx.tenant.update({ where: key, data: { login: account.login, removedAt: null } })
  }
  return tx.tenant.create({
    data: {
      forge: account.forge,
      forgeAccountId: account.id,
      login: account.login,
      slug: await freeSlug(tx, account.login),
    },
  })
}

/** `login`, or `login-2`, `login-3`, … : rows are never deleted, so a slug is never allotted twice. */
const freeSlug = async (tx: Transaction, login: string): Promise<string> => {
  // Two accounts whose logins make the same slug take turns.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('pushfn:slug'))`
  const wish = slugFrom(login) ?? 'tenant'
  for (let n = 1; ; n++) {
    const slug = n === 1 ? wish : `${wish.slice(0, 48)}-${n}`
    if (!(await tx.tenant.findUnique({ where: { slug }, select: { id: true } }))) return slug
  }
}

/** Whether a login was entered in the table of allowed tenants. Logins compare in lower case. */
export const isInAllowedTable = async (db: Database | Transaction, forge: ForgeKind, login: string): Promise<boolean> =>
  (await db.allowedTenant.findUnique({ where: { forge_login: { forge, login: login.toLowerCase() } } })) !== null

export const allowTenant = async (db: Database, forge: ForgeKind, login: string): Promise<void> => {
  const key = { forge, login: login.toLowerCase() }
  await db.allowedTenant.upsert({ where: { forge_login: key }, create: key, update: {} })
}

/**
 * Gives a tenant limits of its own, or with null the cloud's again. Returns the ids of its functions, whose routes change
 * by it.
 */
export const setTenantLimits = async (db: Database, tenantId: string, limits: RateLimits | null): Promise<string[]> => {
  const { functions } = await db.tenant.update({
    where: { id: tenantId },
    data: { limits: limits ?? Prisma.DbNull },
    select: { functions: { where: { removedAt: null }, select: { id: true } } },
  })
  return functions.map((fn) => fn.id)
}

/** The tenant's own limits; null: it has the cloud's. */
export const limitsOf = (tenant: Tenant): RateLimits | null => RateLimits.nullable().parse(tenant.limits)
