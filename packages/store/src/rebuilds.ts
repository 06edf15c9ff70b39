import { LIVE } from '@pushfn/model/alias'
import { type BasesToday, BasesToday as BasesTodaySchema, ImageBases, isOnOlderBase } from '@pushfn/model/image-base'
import { z } from 'zod'
import type { Database } from './database.ts'
import { Prisma } from './generated/client.ts'

/** An operator's wish to have what is live built again on today's bases: one at a time is worked at. */
export interface OpenRebuild {
  id: string
  base: string | null
  tenants: string[] | null
  /** What the bases are; undefined: nobody looked yet. */
  today: BasesToday | undefined
}

const Slugs = z.array(z.string()).nullable()

/** Stores the wish; one that is worked at already, or waits, is not stored twice. Returns its id. */
export const wishRebuild = (
  db: Database,
  { base, tenants }: { base?: string | undefined; tenants?: readonly string[] | undefined },
): Promise<string> =>
  db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('pushfn:rebuilds'))::text`
    const slugs = tenants ? [...new Set(tenants)].sort() : Prisma.AnyNull
    const open = await tx.rebuild.findFirst({
      where: { finishedAt: null, base: base ?? null, tenants: { equals: slugs } },
    })
    if (open) return open.id
    const data = { base: base ?? null, ...(tenants && { tenants: [...new Set(tenants)].sort() }) }
    return (await tx.rebuild.create({ data })).id
  })

/** The one to be worked at. */
export const openRebuild = async (db: Database): Promise<OpenRebuild | undefined> => {
  const row = await db.rebuild.findFirst({ where: { finishedAt: null }, orderBy: { createdAt: 'asc' } })
  if (!row) return undefined
  const { id, base } = row
  return {
    id,
    base,
    tenants: Slugs.parse(row.tenants),
    today: BasesTodaySchema.nullable().parse(row.bases) ?? undefined,
  }
}

const Live = z.object({ functionId: z.string(), bases: ImageBases.nullable() })
export type LiveFunction = z.infer<typeof Live>

/** Functions that are live, with what they stand on; of those tenants alone, when some are named. */
export const liveFunctions = async (db: Database, tenants: readonly string[] | null): Promise<LiveFunction[]> => {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT f.id AS "functionId", i.bases FROM aliases a
    JOIN functions f ON f.id = a.function_id AND f.removed_at IS NULL
    JOIN tenants t ON t.id = f.tenant_id AND t.removed_at IS NULL AND t.suspended_at IS NULL
    JOIN revisions r ON r.id = a.revision_id
    LEFT JOIN image_records i ON i.digest = r.digest
    WHERE a.name = ${LIVE} AND (${tenants === null} OR t.slug = ANY(${[...(tenants ?? [])]}))`
  return rows.map((row) => Live.parse(row))
}

/** Keeps what the bases are now, and which functions are to be built again. Said twice, the first counts. */
export const planRebuild = (
  db: Database,
  { id, base }: OpenRebuild,
  { today, functions }: { today: BasesToday; functions: readonly LiveFunction[] },
): Promise<void> =>
  db.$transaction(async (tx) => {
    const { count } = await tx.rebuild.updateMany({
      where: { id, bases: { equals: Prisma.DbNull } },
      data: { bases: today },
    })
    if (count === 0) return
    const isMeant = ({ bases }: LiveFunction) =>
      base === null ||
      bases === null ||
      bases.some((one) => one.image === base || (one.isOfCloud && base === today.cloud.image))
    const items = functions.filter((fn) => isMeant(fn) && isOnOlderBase(fn.bases, today))
    await tx.rebuildItem.createMany({ data: items.map(({ functionId }) => ({ rebuildId: id, functionId })) })
  })

/** A rebuild as far as it is. */
export const rebuildOf = async (db: Database, id: string) => {
  const row = await db.rebuild.findUnique({ where: { id } })
  return row ? (await withCounts(db, [row]))[0] : undefined
}

/** The newest ones. */
export const rebuilds = async (db: Database, limit: number) =>
  withCounts(db, await db.rebuild.findMany({ orderBy: { createdAt: 'desc' }, take: limit }))

const FAILED_TOLD = 100

const withCounts = (db: Database, rows: Prisma.RebuildGetPayload<object>[]) =>
  Promise.all(
    rows.map(async ({ bases, ...row }) => {
      const [counts, failed] = await Promise.all([
        db.rebuildItem.groupBy({ by: ['state'], where: { rebuildId: row.id }, _count: true }),
        db.rebuildItem.findMany({
          where: { rebuildId: row.id, state: 'failed' },
          include: { function: { include: { tenant: { select: { slug: true } } } } },
          orderBy: { startedAt: 'asc' },
          take: FAILED_TOLD,
        }),
      ])
      const count = (state: string) => counts.find((one) => one.state === state)?._count ?? 0
      return { ...row, tenants: Slugs.parse(row.tenants), isPlanned: bases !== null, count, failed }
    }),
  )
