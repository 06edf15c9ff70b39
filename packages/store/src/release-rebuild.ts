import { LIVE } from '@pushfn/model/alias'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { holdFunction, wantLive } from './aliases.ts'
import type { Claim } from './builds.ts'
import { refuseIfCancelled } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import {
  holdBuild,
  holdOwner,
  keepImages,
  type ReleaseFacts,
  type WantedFunction,
  type WantedRevision,
} from './releases.ts'
import { ensureRevision } from './revisions.ts'

/** Names of the functions that a build of a rebuild is about. */
export const rebuiltNames = async (db: Database, buildId: string): Promise<string[]> => {
  const items = await db.rebuildItem.findMany({
    where: { buildId, state: 'building' },
    select: { function: { select: { name: true } } },
  })
  return items.map((item) => item.function.name)
}

/**
 * Wishes that functions go on at the commit, with the configuration and in the place among pushes that they are live with,
 * pins and all, in their new images. One that was moved meanwhile, by a push or by hand, is left where it is, and looked at
 * again by its rebuild. Throws as `release` does, and then nothing was written.
 */
export const releaseRebuild = (
  db: Database,
  facts: Pick<ReleaseFacts, 'claim' | 'tenantId' | 'repositoryId' | 'functions' | 'signedBy'>,
): Promise<WantedRevision[]> =>
  db.$transaction(async (tx) => {
    await holdOwner(tx, facts)
    await holdBuild(tx, facts.claim)
    await refuseIfCancelled(tx, { id: facts.claim.buildId, tenantId: facts.tenantId })
    await keepImages(tx, facts)
    const revisions: WantedRevision[] = []
    for (const wanted of facts.functions.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const revision = await wantRebuilt(tx, facts, wanted)
      if (revision) revisions.push(revision)
    }
    return revisions
  })

const wantRebuilt = async (
  tx: Transaction,
  { claim, tenantId }: { claim: Claim; tenantId: string },
  { name, image, digest }: WantedFunction,
): Promise<WantedRevision | undefined> => {
  const fn = await tx.function.findUniqueOrThrow({ where: { tenantId_name: { tenantId, name } } })
  await holdFunction(tx, fn.id)
  const item = await tx.rebuildItem.findFirstOrThrow({ where: { buildId: claim.buildId, functionId: fn.id } })
  const alias = await tx.alias.findUniqueOrThrow({
    where: { functionId_name: { functionId: fn.id, name: LIVE } },
    include: { revision: true, function: { select: { removedAt: true } } },
  })
  const own = await tx.revision.findUnique({
    where: { buildId_functionId: { buildId: claim.buildId, functionId: fn.id } },
  })
  const told = {
    name,
    functionId: fn.id,
    alias: LIVE,
    aliasId: alias.id,
    isReused: false,
    isPinned: false,
    isStaged: false,
  }
  // A build that is tried again finds its own wish.
  if (own) return { ...told, revisionId: own.id }
  const live = alias.revision
  const isAsItWas = live?.id === item.revisionId && alias.wantedRevisionId === item.revisionId
  if (!live || !isAsItWas || alias.function.removedAt) {
    await tx.rebuildItem.updateMany({
      where: { rebuildId: item.rebuildId, functionId: fn.id },
      data: { state: 'waiting', buildId: null },
    })
    return undefined
  }
  const { sha, sequence } = live
  const spec = FunctionSpec.parse(live.spec)
  const revision = await ensureRevision(tx, {
    functionId: fn.id,
    buildId: claim.buildId,
    sha,
    image,
    digest,
    spec,
    sequence,
  })
  await wantLive(tx, { functionId: fn.id, revisionId: revision.id, sequence: alias.sequence })
  return { ...told, revisionId: revision.id }
}
