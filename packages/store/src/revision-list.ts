import { LIVE } from '@pushfn/model/alias'
import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'

const include = {
  pin: true,
  aliases: { where: { removedAt: null }, select: { name: true, revisionId: true, wantedRevisionId: true } },
  revisions: { orderBy: { createdAt: 'desc' } },
} satisfies Prisma.FunctionInclude

export type FunctionRevisions = Prisma.FunctionGetPayload<{ include: typeof include }>

/** A function with its newest revisions, newest first; undefined when the tenant has none of that name. */
export const revisionsOf = async (
  db: Database,
  of: { tenantId: string; name: string },
  limit: number,
): Promise<FunctionRevisions | undefined> =>
  (await db.function.findUnique({
    where: { tenantId_name: of, removedAt: null },
    include: { ...include, revisions: { ...include.revisions, take: limit } },
  })) ?? undefined

/** What the engine runs a revision by; undefined when the tenant's function has none of that id. */
export const digestOf = async (
  db: Database,
  fn: { tenantId: string; name: string },
  id: string,
): Promise<string | undefined> =>
  (await db.revision.findFirst({ where: { id, function: fn }, select: { digest: true } }))?.digest

/** Where `live` stands, and where it shall. */
export const liveOf = ({
  aliases,
}: FunctionRevisions): { revisionId: string | null; wantedRevisionId: string | null } =>
  aliases.find((alias) => alias.name === LIVE) ?? { revisionId: null, wantedRevisionId: null }
