import { NO_COMMIT } from '@pushfn/model/ids'
import { waitingBuilds } from '@pushfn/store/builds'
import type { Repository } from '@pushfn/store/repositories'
import { holdSequences } from '@pushfn/store/sequences'
import type { ApiContext } from './context.ts'
import { storePushIn } from './git/accept-push.ts'
import { branchHeads, describeCommit, repositoryFolder } from './git/repositories-on-disk.ts'

const INTERVAL_MS = 5_000
const REFS_EVERY = 60
const BUILDS_AT_ONCE = 500

/**
 * Finds what nobody works on: builds that neither ended nor are held (a bell got lost, a builder died), and branches of
 * the builtin forge whose push was never stored (the api died between git and the database). Queues may lose everything
 * and nothing is lost.
 */
export const startReconciler = (context: ApiContext): Disposable => {
  let round = 0
  let isRunning = false
  const reconcile = async () => {
    if (isRunning) return
    isRunning = true
    try {
      if (round++ % REFS_EVERY === 0) await storeMissedPushes(context)
      for (const build of await waitingBuilds(context.db, BUILDS_AT_ONCE))
        await context.bell.ring(build.id, build.tries)
    } catch (err) {
      context.log.warn({ err }, 'reconciling failed; it is tried again')
    } finally {
      isRunning = false
    }
  }
  const timer = setInterval(reconcile, INTERVAL_MS)
  void reconcile()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

const storeMissedPushes = async (context: ApiContext): Promise<void> => {
  const repositories = await context.db.repository.findMany({
    where: { forge: 'builtin', removedAt: null },
    include: { refs: true, tenant: { select: { slug: true } } },
  })
  for (const { refs, tenant, ...repository } of repositories) {
    const folder = repositoryFolder(context.config.dataDir, repository.id)
    try {
      for (const [ref, sha] of await branchHeads(folder)) {
        const isKnown = refs.some((row) => row.name === ref && row.sha === sha)
        if (!isKnown) await storeMissedPush(context, { repository, user: tenant.slug, folder }, ref)
      }
    } catch (err) {
      // One repository that cannot be read must not keep the others from being looked at.
      context.log.warn({ err, repository: repository.id }, 'the branches cannot be compared')
    }
  }
}

/** Pushes are under way meanwhile: where the branch stands is looked at again once nobody else can store one. */
const storeMissedPush = async (
  context: ApiContext,
  where: { repository: Repository; user: string; folder: string },
  ref: string,
): Promise<void> => {
  await context.db.$transaction(async (tx) => {
    await holdSequences(tx, where.repository.id)
    const known = await tx.ref.findUnique({
      where: { repositoryId_name: { repositoryId: where.repository.id, name: ref } },
    })
    const sha = (await branchHeads(where.folder)).get(ref)
    if (!sha || sha === known?.sha) return
    const words = await describeCommit(where.folder, sha)
    context.log.warn({ repository: where.repository.id, ref, sha }, 'a push that was never stored is stored now')
    await storePushIn(tx, where, { ref, before: known?.sha ?? NO_COMMIT, after: sha, ...words, isFound: true })
  })
}
