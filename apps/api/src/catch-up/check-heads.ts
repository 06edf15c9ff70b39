import { setTimeout as sleep } from 'node:timers/promises'
import type { BranchHead, Forge, ForgeKind } from '@pushfn/forge/forge'
import { forgeRepository } from '@pushfn/forge/forge-repository'
import { toAppError } from '@pushfn/model/errors'
import { type HeadCheck, returnHeadCheck, takeHeadChecks } from '@pushfn/store/head-checks'
import { watchedRefs } from '@pushfn/store/push-target'
import type { ApiContext } from '../context.ts'
import { noteHead, standOf, storeFoundPush } from './found-push.ts'

/** Looked at side by side. */
const AT_ONCE = 8
const PAUSE_MS = 250
/** A webhook may be under way: only where the branch stands apart for so long is a push missed. */
const SETTLE_MS = 5_000
/** An installation that GitHub limits, or a forge that does not answer, is left alone for so long. */
const REST_MS = 60_000

/**
 * Compares branches that are deployed with where their last push left them: those that are due, in turns, with a pause between. What
 * the forge said of each branch is kept in this process, so that the next look costs it nothing while nothing moved.
 */
export const createHeadCheck = (context: ApiContext, signal: AbortSignal): (() => Promise<void>) => {
  const { db, log, config } = context
  const startedAt = Date.now()
  const heads = new Map<string, BranchHead>()
  const resting = new Map<string, number>()

  const check = async (due: HeadCheck): Promise<void> => {
    try {
      await compare(context, { due, heads, signal })
    } catch (thrown) {
      if (signal.aborted) return returnHeadCheck(db, due)
      const err = toAppError(thrown)
      log.warn({ err, repository: due.repository.id }, 'a branch cannot be compared')
      if (!err.isRetryable) return
      resting.set(due.repository.installationId ?? '', Date.now() + REST_MS)
      await returnHeadCheck(db, due)
    }
  }

  return async () => {
    while (!signal.aborted) {
      for (const [installation, until] of resting) if (until <= Date.now()) resting.delete(installation)
      const due = await takeHeadChecks(db, {
        forges: forgesWithHeads(context),
        before: new Date(Math.max(startedAt, Date.now() - config.catchUpMs)),
        count: AT_ONCE,
        resting: [...resting.keys()],
      })
      await Promise.all(due.map(check))
      if (due.length < AT_ONCE) return
      await sleep(PAUSE_MS, undefined, { signal })
    }
  }
}

const forgesWithHeads = ({ forges }: ApiContext): ForgeKind[] =>
  Object.values(forges)
    .filter((forge) => forge.headOf)
    .map((forge) => forge.kind)

interface Comparison {
  due: HeadCheck
  heads: Map<string, BranchHead>
  signal: AbortSignal
}

const compare = async (context: ApiContext, comparison: Comparison): Promise<void> => {
  for (const ref of watchedRefs(comparison.due.repository)) await compareRef(context, comparison, ref)
}

const compareRef = async (context: ApiContext, { due, heads, signal }: Comparison, ref: string): Promise<void> => {
  const { repository } = due
  const forge = context.forges[repository.forge]
  const stand = await standOf(context.db, repository.id, ref)
  const head = await headOf(forge, repository, { ref, heads, signal })
  if (!head || head.sha === stand?.sha) return
  if (!stand) return noteHead(context.db, { repositoryId: repository.id, ref, sha: head.sha })
  await sleep(SETTLE_MS, undefined, { signal })
  const settled = await headOf(forge, repository, { ref, heads, signal })
  if (settled) await storeFoundPush(context, { repository, ref, stand, head: settled })
}

const headOf = async (
  forge: Forge | undefined,
  repository: HeadCheck['repository'],
  { ref, heads, signal }: Pick<Comparison, 'heads' | 'signal'> & { ref: string },
): Promise<BranchHead | undefined> => {
  const branch = ref.replace('refs/heads/', '')
  const key = `${repository.id}/${branch}`
  const known = heads.get(key)
  const head = await forge?.headOf?.(forgeRepository(repository), branch, { etag: known?.etag, signal })
  if (head === 'unchanged') return known
  if (head) heads.set(key, head)
  else heads.delete(key)
  return head
}
