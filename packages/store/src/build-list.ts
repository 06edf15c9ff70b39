import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'

const include = {
  push: { include: { repository: { select: { name: true, tenantId: true } } } },
} satisfies Prisma.BuildInclude

export type BuildRow = Prisma.BuildGetPayload<{ include: typeof include }>

/** A tenant's builds, newest first, `limit` of them before the build `before` (an id). */
export const buildsOf = (
  db: Database,
  tenantId: string,
  page: { limit: number; before?: string },
): Promise<BuildRow[]> =>
  db.build.findMany({
    where: { push: { repository: { tenantId } }, ...(page.before && { id: { lt: page.before } }) },
    orderBy: { id: 'desc' },
    take: page.limit,
    include,
  })

/** One build of the tenant, undefined when it has none of that id. */
export const buildOf = async (db: Database, tenantId: string, buildId: string): Promise<BuildRow | undefined> =>
  (await db.build.findFirst({ where: { id: buildId, push: { repository: { tenantId } } }, include })) ?? undefined
