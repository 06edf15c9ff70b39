import { z } from 'zod'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'

/** The revision of each function, by name, that a build brought or left as it was. */
export const Released = z.record(z.string(), z.uuid())
export type Released = z.infer<typeof Released>

/**
 * What was built of a commit before, when all of it is kept still: `live` can move there without a build. Undefined when
 * some of it was never built, is gone, or never got ready.
 */
export const keptOfCommit = async (
  db: Database | Transaction,
  of: { repositoryId: string; sha: string },
): Promise<{ released: Released; tree: string | null } | undefined> => {
  const build = await db.build.findFirst({
    where: {
      state: 'live',
      target: { equals: Prisma.DbNull },
      released: { not: Prisma.DbNull },
      push: { repositoryId: of.repositoryId, sha: of.sha },
    },
    orderBy: { push: { sequence: 'desc' } },
    select: { released: true, tree: true },
  })
  if (!build) return undefined
  const released = Released.parse(build.released)
  const names = Object.keys(released)
  const kept = await db.revision.count({
    where: {
      id: { in: Object.values(released) },
      sweptAt: null,
      state: { not: 'failed' },
      function: { name: { in: names }, repositoryId: of.repositoryId },
    },
  })
  return names.length > 0 && kept === names.length ? { released, tree: build.tree } : undefined
}
