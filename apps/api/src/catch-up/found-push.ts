import type { BranchHead } from '@pushfn/forge/forge'
import type { Database } from '@pushfn/store/database'
import { recordPush } from '@pushfn/store/pushes'
import type { Repository } from '@pushfn/store/repositories'
import { holdSequences } from '@pushfn/store/sequences'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import { ring } from '../webhooks/receive.ts'

/** Where a ref's last push left it. */
export interface Stand {
  sha: string
  sequence: bigint
}

export const standOf = async (db: Database, repositoryId: string, name: string): Promise<Stand | undefined> =>
  (await db.ref.findUnique({
    where: { repositoryId_name: { repositoryId, name } },
    select: { sha: true, sequence: true },
  })) ?? undefined

/**
 * A repository that nobody pushed to since it is known here: where it stands is where the next push comes from. It is not
 * built: an account may let in hundreds of repositories at once.
 */
export const noteHead = async (
  db: Database,
  { repositoryId, ref, sha }: { repositoryId: string; ref: string; sha: string },
): Promise<void> => {
  await db.ref.createMany({ data: { repositoryId, name: ref, sha, sequence: 0 }, skipDuplicates: true })
}

/** Stores a push that nobody told of, unless somebody has meanwhile, and rings. */
export const storeFoundPush = async (
  context: ApiContext,
  found: { repository: Repository & { tenant: Tenant }; ref: string; stand: Stand; head: BranchHead },
): Promise<void> => {
  const { ref, stand, head } = found
  const push = await context.db.$transaction(async (tx) => {
    const { tenant, id } = found.repository
    if (!(await context.allowed.has(tx, found.repository.forge, tenant.login))) return undefined
    await holdSequences(tx, id)
    const repository = await tx.repository.findUniqueOrThrow({ where: { id } })
    const now = await tx.ref.findUnique({ where: { repositoryId_name: { repositoryId: id, name: ref } } })
    const isMoved = now?.sequence !== stand.sequence || now.sha === head.sha
    if (isMoved || repository.removedAt || repository.tenantId !== tenant.id) return undefined
    return recordPush(tx, {
      repository,
      ref,
      sha: head.sha,
      before: stand.sha,
      pusher: head.author,
      message: head.message,
      skip: head.skip,
      isFound: true,
    })
  })
  if (!push || push.kind === 'known') return
  context.log.warn({ repository: found.repository.id, ref, sha: head.sha }, 'a push that nobody told of is stored')
  const isQueued = push.kind === 'queued'
  void ring(context, {
    builds: isQueued ? [push.buildId] : [],
    superseded: isQueued ? push.superseded : [],
    functions: [],
    hasReports: true,
  })
}
