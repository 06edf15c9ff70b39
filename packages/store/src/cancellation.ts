import { TERMINAL_STATES } from '@pushfn/model/build-state'
import { AppError } from '@pushfn/model/errors'
import type { Database, Transaction } from './database.ts'
import type { Prisma } from './generated/client.ts'

/**
 * What must not go on because its repository or its tenant went. Whoever takes one away cancels the builds under way in the
 * same transaction; a builder finds the mark at its next step, or when the bell rings, and ends the build with the reason.
 * The mark stays when the repository comes back, or is given to another: a build of before is not theirs.
 */
export interface Stopped {
  /** Ids of functions that the controller must look at. */
  functions: string[]
  /** Ids of builds that must not go on. */
  builds: string[]
}

/**
 * Marks the builds under way of repositories, and takes back what they wish live and is not. Lock the repositories' or the
 * tenant's rows first: no build that waited for those locks is missed then.
 */
export const cancelBuilds = (
  tx: Transaction,
  repositories: { id: { in: string[] } } | { tenantId: string },
  reason: string,
): Promise<string[]> => cancelPushes(tx, { repository: repositories }, reason)

/** As `cancelBuilds`, of one pull request's previews. */
export const cancelPullRequest = (tx: Transaction, pullRequestId: string, reason: string): Promise<string[]> =>
  cancelPushes(tx, { pullRequestId }, reason)

/** The pushes of a repository that go to one alias. */
export const goesTo = ({ repositoryId, alias }: { repositoryId: string; alias: string }): Prisma.PushWhereInput => ({
  repositoryId,
  build: { target: { path: ['alias'], equals: alias } },
})

/** As `cancelBuilds`, of what goes to one environment of a repository. */
export const cancelEnvironment = (
  tx: Transaction,
  { repositoryId, alias }: { repositoryId: string; alias: string },
  reason: string,
): Promise<string[]> => cancelPushes(tx, goesTo({ repositoryId, alias }), reason)

const cancelPushes = async (tx: Transaction, push: Prisma.PushWhereInput, reason: string): Promise<string[]> => {
  const builds = await tx.build.updateManyAndReturn({
    where: { state: { notIn: [...TERMINAL_STATES] }, push },
    data: { cancelReason: reason },
    select: { id: true },
  })
  const ids = builds.map((build) => build.id)
  if (ids.length === 0) return ids
  // The functions first: where their aliases point does not change while their rows are locked.
  await tx.$queryRaw`
    SELECT f.id FROM functions f
    WHERE EXISTS (
      SELECT FROM aliases a JOIN revisions r ON r.id = a.wanted_revision_id
      WHERE a.function_id = f.id AND r.build_id = ANY(${ids}::uuid[]))
    ORDER BY f.name COLLATE "C", f.id FOR UPDATE`
  await tx.$executeRaw`
    UPDATE revisions r SET state = 'failed', failure = ${reason}
    WHERE r.build_id = ANY(${ids}::uuid[]) AND r.state IN ('wanted', 'ready')
      AND NOT EXISTS (SELECT FROM aliases a WHERE a.revision_id = r.id)`
  await tx.$executeRaw`
    UPDATE aliases a SET wanted_revision_id = a.revision_id FROM revisions r
    WHERE r.id = a.wanted_revision_id AND r.build_id = ANY(${ids}::uuid[]) AND r.state = 'failed'`
  return ids
}

/** Throws CANCELLED, with the reason for the tenant, when the build of that tenant must not go on. */
export const refuseIfCancelled = async (
  db: Database | Transaction,
  build: { id: string; tenantId: string },
): Promise<void> => {
  const [row] = await db.$queryRaw<[Standing?]>`
    SELECT b.cancel_reason AS "cancelReason", r.tenant_id AS "tenantId", r.removed_at AS "repositoryRemovedAt",
      t.removed_at AS "tenantRemovedAt", t.suspended_at AS "suspendedAt"
    FROM builds b JOIN pushes p ON p.id = b.push_id JOIN repositories r ON r.id = p.repository_id
      JOIN tenants t ON t.id = r.tenant_id
    WHERE b.id = ${build.id}::uuid`
  const hint = row ? reasonOf(row, build.tenantId) : CANCEL_REASONS.repositoryRemoved
  if (hint) throw new AppError('CANCELLED', `build ${build.id} must not go on`, { hint })
}

/** As tenants read them. */
export const CANCEL_REASONS = {
  repositoryRemoved: 'the repository was deleted, or taken out of this cloud: nothing of it runs here any more',
  repositoryTransferred: 'the repository belongs to another account now: its next push is built there',
  pullRequestClosed: 'the pull request was closed: its previews are gone',
  environmentEnded: 'the environment was taken out of the repository’s settings: nothing runs there any more',
  tenantRemoved: 'the account left this cloud: nothing of it runs here any more',
  tenantSuspended: 'the account is suspended: push again when it is not any more',
} as const

interface Standing {
  cancelReason: string | null
  tenantId: string
  repositoryRemovedAt: Date | null
  tenantRemovedAt: Date | null
  suspendedAt: Date | null
}

const reasonOf = (row: Standing, tenantId: string): string | undefined => {
  if (row.cancelReason) return row.cancelReason
  if (row.tenantId !== tenantId) return CANCEL_REASONS.repositoryTransferred
  if (row.repositoryRemovedAt) return CANCEL_REASONS.repositoryRemoved
  if (row.tenantRemovedAt) return CANCEL_REASONS.tenantRemoved
  return row.suspendedAt ? CANCEL_REASONS.tenantSuspended : undefined
}
