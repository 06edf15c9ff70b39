import { randomBytes } from 'node:crypto'
import { domainRecord } from '@pushfn/model/domain-name'
import { changePublished, syncPublished } from './calls/published.ts'
import { domainKeys, type PublishedDomain } from './calls/published-domains.ts'
import type { Database } from './database.ts'
import type { Domain } from './generated/client.ts'
import type { Redis } from './redis.ts'

export type { Domain } from './generated/client.ts'

/** Each of them is looked up in DNS again and again until it is proved. */
export const MAX_DOMAINS = 50

/** For so long a claim is looked at by itself; after that its tenant must ask. */
const WAITING_DAYS = 7

/**
 * Claims a domain for a tenant, or changes where one that it has leads. A claim gives nothing yet, and keeps nobody else
 * from claiming the same. Undefined when the tenant has as many as it may.
 */
export const claimDomain = async (
  db: Database,
  tenantId: string,
  claim: { name: string; function: string | null },
): Promise<Domain | undefined> => {
  const key = { tenantId, name: claim.name }
  const there = await db.domain.findUnique({ where: { tenantId_name: key } })
  if (!there && (await db.domain.count({ where: { tenantId } })) >= MAX_DOMAINS) return undefined
  return db.domain.upsert({
    where: { tenantId_name: key },
    create: { ...key, function: claim.function, token: randomBytes(16).toString('hex') },
    update: { function: claim.function },
  })
}

/** A tenant's domains, by name. */
export const domainsOf = (db: Database, tenantId: string): Promise<Domain[]> =>
  db.domain.findMany({ where: { tenantId }, orderBy: { name: 'asc' } })

export const domainOf = async (db: Database, tenantId: string, name: string): Promise<Domain | undefined> =>
  (await db.domain.findUnique({ where: { tenantId_name: { tenantId, name } } })) ?? undefined

/**
 * What the records found at a domain prove. `held`: the domain is the claim's tenant's from now on. `missing`: its record is
 * not among them, and nothing changes. `taken`: it is, but another tenant's is as well, and that one was first. Who held
 * the domain before and has no record there any more has lost it: domains change hands.
 */
export const proveDomain = async (
  db: Database,
  claim: Domain,
  records: readonly string[],
): Promise<'held' | 'missing' | 'taken'> => {
  const isProved = (row: Pick<Domain, 'name' | 'token'>) => records.includes(domainRecord(row.name, row.token).value)
  return db.$transaction(async (tx) => {
    // One after the other: two who prove the same at once would otherwise both find it free.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${`pushfn:domain:${claim.name}`}))`
    const mine = await tx.domain.findUnique({ where: { id: claim.id } })
    const now = new Date()
    if (!mine || !isProved(mine)) {
      await tx.domain.updateMany({ where: { id: claim.id }, data: { checkedAt: now } })
      return 'missing'
    }
    const holder = await tx.domain.findUnique({ where: { heldName: claim.name } })
    if (holder && holder.id !== mine.id) {
      if (isProved(holder)) {
        await tx.domain.update({ where: { id: mine.id }, data: { checkedAt: now } })
        return 'taken'
      }
      await tx.domain.update({ where: { id: holder.id }, data: { heldName: null, verifiedAt: null, checkedAt: now } })
    }
    const verifiedAt = mine.heldName === null ? now : mine.verifiedAt
    await tx.domain.update({ where: { id: mine.id }, data: { heldName: mine.name, verifiedAt, checkedAt: now } })
    return 'held'
  })
}

/** Removes a tenant's domain and returns it; undefined when it has none of that name. */
export const removeDomain = async (db: Database, tenantId: string, name: string): Promise<Domain | undefined> => {
  const there = await domainOf(db, tenantId, name)
  const { count } = await db.domain.deleteMany({ where: { tenantId, name } })
  return count === 0 ? undefined : there
}

/**
 * Takes up to `count` claims that are due to be looked at, so that nobody else looks at them meanwhile: every
 * `intervalMs` in their first hour, thirty times as rarely afterwards.
 */
export const takeDueDomains = async (
  db: Database,
  { intervalMs, count }: { intervalMs: number; count: number },
): Promise<Domain[]> => {
  const taken = await db.$queryRaw<{ id: string }[]>`
    UPDATE domains SET checked_at = now() WHERE id IN (
      SELECT id FROM domains WHERE held_name IS NULL
        AND created_at > now() - make_interval(days => ${WAITING_DAYS}::int)
        AND (checked_at IS NULL OR checked_at < now() - make_interval(secs => ${intervalMs / 1000}::float8 *
          CASE WHEN created_at > now() - interval '1 hour' THEN 1 ELSE 30 END))
      ORDER BY checked_at NULLS FIRST LIMIT ${count}::int FOR UPDATE SKIP LOCKED)
    RETURNING id`
  return db.domain.findMany({ where: { id: { in: taken.map(({ id }) => id) } } })
}

/** Whether a host is a domain that is served now. */
export const isDomainServed = async (db: Database, name: string): Promise<boolean> =>
  (await db.domain.count({ where: { heldName: name, tenant: { suspendedAt: null, removedAt: null } } })) > 0

/** Tells gateways where a verified domain leads. Throws when Redis is away. */
export const publishDomain = (redis: Redis, cloud: string, row: Domain, tenant: string): Promise<void> =>
  changePublished(redis, domainKeys(cloud), { put: { [row.name]: entryOf(tenant, row.function) } })

/** Tells gateways that a domain leads nowhere any more. Throws when Redis is away. */
export const unpublishDomain = (redis: Redis, cloud: string, name: string): Promise<void> =>
  changePublished(redis, domainKeys(cloud), { remove: [name] })

/** Makes what gateways know of domains equal to the database. Throws when Redis is away. */
export const syncDomains = (redis: Redis, cloud: string, db: Database): Promise<void> =>
  syncPublished(redis, domainKeys(cloud), async () => {
    const rows = await db.domain.findMany({
      where: { heldName: { not: null }, tenant: { suspendedAt: null, removedAt: null } },
      select: { name: true, function: true, tenant: { select: { slug: true } } },
    })
    return Object.fromEntries(rows.map((row) => [row.name, entryOf(row.tenant.slug, row.function)]))
  })

const entryOf = (tenant: string, name: string | null): string =>
  JSON.stringify({ tenant, function: name } satisfies PublishedDomain)
