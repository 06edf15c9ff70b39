import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import { choiceStates } from '@pushfn/store/choices'
import { keptOfCommit } from '@pushfn/store/kept-of-commit'
import { promoteCommit } from '@pushfn/store/promote-commit'
import { tagOf } from '@pushfn/store/promotions'
import { madeAt } from '@pushfn/store/push-rows'
import type { WantedRevision } from '@pushfn/store/releases'
import { deploymentReport } from '../deployment-report.ts'
import { keepCommit, removeFromLive } from '../keep-commit.ts'
import type { Run } from '../run.ts'
import { listenForSettled, type Settled } from '../settled.ts'
import { type ReleasedFunction, tellLive, tellPinned, tellReused } from '../tell-released.ts'

/** A bell may get lost: so long after its move an alias counts without it. */
const BELL_MS = 1_000

/** Whether a tag's commit was built before, and all of it is kept: then `live` moves there without a build. */
export const isBuiltBefore = async (run: Run): Promise<boolean> => {
  const { ref, repositoryId, sha, trigger } = run.build.push
  if (tagOf(ref) === undefined || trigger !== 'push' || run.target) return false
  return (await keptOfCommit(run.context.db, { repositoryId, sha })) !== undefined
}

/**
 * Moves `live` of all functions to where the tag's commit has them, and waits until callers reach them: the same revisions
 * that have stood under the commit's URL. What the commit does not have goes. Throws NOT_READY when one did not get ready,
 * SUPERSEDED when something newer moved it meanwhile: what was live goes on.
 */
export const promote = async (run: Run): Promise<ReleasedFunction[]> => {
  const { context, build } = run
  const { repository, sha, sequence } = build.push
  const settled = await listenForSettled(run)
  try {
    const revisions = await promoteCommit(context.db, {
      claim: run.claim,
      tenantId: repository.tenantId,
      repositoryId: repository.id,
      sha,
      sequence,
      madeAt: madeAt(build.push),
    })
    await run.wantStatuses(...deploymentReport(run, { state: 'pending', description: 'promoting' }))
    const changed = revisions.filter((revision) => !revision.isReused && !revision.isPinned)
    for (const { name, functionId } of changed) {
      run.tell({ kind: 'function', function: name, status: 'deploying' })
      void context.bus.publish(channels(context.config.cloud).functionWanted, functionId)
    }
    const reused = await tellReused(run, revisions)
    const pinned = revisions.filter((revision) => revision.isPinned).map((revision) => tellPinned(run, revision))
    const live = await waitUntilThere(run, changed, settled)
    await keepCommit(run, revisions)
    await removeFromLive(
      run,
      revisions.map(({ name }) => name),
    )
    return [...reused, ...(await Promise.all(pinned)), ...live]
  } finally {
    settled.close()
  }
}

/** By the aliases, for a revision that was live before is so in its own row all the while. */
const waitUntilThere = async (
  run: Run,
  revisions: readonly WantedRevision[],
  settled: Settled,
): Promise<ReleasedFunction[]> => {
  const startedAt = performance.now()
  const { sequence, sha } = run.build.push
  const waiting = new Map(revisions.map((revision) => [revision.aliasId, revision]))
  const released: ReleasedFunction[] = []
  for (;;) {
    const choices = [...waiting.values()].map((revision) => ({ ...revision, sha, sequence }))
    for (const [aliasId, state] of await choiceStates(run.context.db, choices)) {
      const revision = waiting.get(aliasId)
      if (!revision || state.kind === 'deploying') continue
      if (state.kind === 'failed') throw notReady(revision.name, state.reason)
      if (state.kind === 'overtaken') throw overtaken(revision.name)
      // The alias moves a moment before the gateways do: the bell says that they did.
      if (!settled.has(revision.revisionId) && Date.now() - state.since.getTime() < BELL_MS) continue
      waiting.delete(aliasId)
      released.push(await tellLive(run, revision, performance.now() - startedAt))
    }
    if (waiting.size === 0) return released
    if (performance.now() - startedAt > run.context.config.deployLimitMs) throw noController(run)
    await settled.next()
    run.signal.throwIfAborted()
  }
}

const notReady = (name: string, reason: string): AppError =>
  new AppError('NOT_READY', 'what was promoted did not get ready', {
    function: name,
    hint: `function “${name}” ${reason}; what was live goes on serving`,
  })

const overtaken = (name: string): AppError =>
  new AppError('SUPERSEDED', `${name} was moved by something newer`, {
    hint: `something newer moved “${name}” meanwhile: look at its revisions`,
  })

const noController = (run: Run): AppError =>
  new AppError('ENGINE_FAILED', 'the controller did not settle a promotion', {
    hint: `the cloud could not start the functions within ${run.context.config.deployLimitMs / 1000} s`,
  })
