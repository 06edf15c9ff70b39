import { LIVE } from '@pushfn/model/alias'
import type { Claim } from './builds.ts'
import type { Database } from './database.ts'
import { Prisma } from './generated/client.ts'

/** Keeps what a build's commit holds, for the builds after it. */
export const noteTree = async (db: Database, claim: Claim, tree: string): Promise<void> => {
  await db.build.updateMany({ where: { id: claim.buildId, generation: claim.generation }, data: { tree } })
}

/**
 * What the repository's commit holds that is live; undefined when that cannot be told: nothing was deployed, or some of its
 * functions were moved since, by hand or by a newer push that did not come to its end.
 */
export const deployedTree = async (
  db: Database,
  repositoryId: string,
): Promise<{ tree: string | null; sha: string } | undefined> => {
  const last = await db.build.findFirst({
    where: {
      state: 'live',
      isStaged: false,
      target: { equals: Prisma.AnyNull },
      push: { repositoryId, trigger: { not: 'rebuild' } },
    },
    orderBy: { push: { sequence: 'desc' } },
    select: { tree: true, push: { select: { sha: true, sequence: true } } },
  })
  if (!last) return undefined
  const { sha, sequence } = last.push
  const moved = await db.alias.findFirst({
    where: { name: LIVE, sequence: { gt: sequence }, function: { repositoryId } },
    select: { functionId: true },
  })
  return moved ? undefined : { tree: last.tree, sha }
}
