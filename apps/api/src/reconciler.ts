import { NO_COMMIT } from '@pushfn/model/ids'
import { waitingBuilds } from '@pushfn/store/builds'
import type { ApiContext } from './context.ts'
import { storePush } from './git/accept-push.ts'
import { branchHeads, repositoryFolder } from './git/repositories-on-disk.ts'

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
  for (const repository of repositories) {
    const folder = repositoryFolder(context.config.dataDir, repository.id)
    const heads = await branchHeads(folder).catch(() => new Map<string, string>())
    for (const [ref, sha] of heads) {
      const known = repository.refs.find((row) => row.name === ref)
      if (known?.sha === sha) continue
      context.log.warn({ repository: repository.id, ref, sha }, 'a push that was never stored is stored now')
      const before = known?.sha ?? NO_COMMIT
      await storePush(context, { repository, user: repository.tenant.slug, folder }, { ref, before, after: sha })
    }
  }
}
