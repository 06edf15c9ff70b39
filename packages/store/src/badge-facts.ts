import { LIVE } from '@pushfn/model/alias'
import type { BuildState } from '@pushfn/model/build-state'
import type { Database } from './database.ts'
import { deployBranchOf } from './repositories.ts'
import { settingsOf } from './repository-settings.ts'

/** What a function's badge may tell to anybody. */
export interface BadgeFacts {
  isLive: boolean
  /** Of the newest build of the branch that deploys; null when there was none that counts. */
  newest: BuildState | null
}

/** Undefined for what is not there, and for a function of a private repository whose tenant has not said that all may know. */
export const badgeFacts = async (
  db: Database,
  of: { tenant: string; function: string },
): Promise<BadgeFacts | undefined> => {
  const fn = await db.function.findFirst({
    where: { name: of.function, removedAt: null, tenant: { slug: of.tenant, removedAt: null } },
    include: { repository: true, aliases: { where: { name: LIVE } } },
  })
  if (!fn) return undefined
  const { repository } = fn
  if (!(settingsOf(repository).isBadgePublic ?? !repository.isPrivate)) return undefined
  const newest = await db.build.findFirst({
    where: {
      state: { notIn: ['skipped', 'superseded', 'cancelled'] },
      push: {
        repositoryId: repository.id,
        ref: `refs/heads/${deployBranchOf(repository)}`,
        trigger: { not: 'rebuild' },
      },
    },
    orderBy: { push: { sequence: 'desc' } },
    select: { state: true },
  })
  return { isLive: Boolean(fn.aliases[0]?.revisionId), newest: newest?.state ?? null }
}
