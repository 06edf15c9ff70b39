import { channels } from '@pushfn/store/bus'
import { madeAt } from '@pushfn/store/push-rows'
import { keepReleased, removeMissing, type WantedRevision } from '@pushfn/store/releases'
import type { Run } from './run.ts'
import { tellRemoved } from './tell-released.ts'

/** The commit's own URL leads to what it left as it was, too. */
export const keepCommit = async (run: Run, revisions: readonly WantedRevision[]): Promise<void> => {
  const { db, bus, config } = run.context
  await keepReleased(db, { claim: run.claim, sha: run.build.push.sha, revisions })
  for (const { functionId, isReused, isStaged } of revisions) {
    if (isReused || isStaged) void bus.publish(channels(config.cloud).functionWanted, functionId)
  }
}

/** What is live of the repository, and not among these names, goes: called when all of them are there. */
export const removeFromLive = async (run: Run, keep: readonly string[]): Promise<void> => {
  const { push } = run.build
  const of = { claim: run.claim, repositoryId: push.repositoryId, sequence: push.sequence, madeAt: madeAt(push), keep }
  tellRemoved(run, await removeMissing(run.context.db, of))
}
