import { placesIn } from '@pushfn/images/log-places'
import { NOT_DEPLOYED, STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import { buildPageUrl } from '@pushfn/model/urls'
import { channels } from '@pushfn/store/bus'
import { madeAt } from '@pushfn/store/push-rows'
import { releaseRebuild } from '@pushfn/store/release-rebuild'
import {
  removeMissingPreviews,
  revisionStates,
  type WantedRevision,
  release as writeRelease,
} from '@pushfn/store/releases'
import { deploymentReport } from '../deployment-report.ts'
import { keepCommit, removeFromLive } from '../keep-commit.ts'
import type { Run } from '../run.ts'
import { listenForSettled, type Settled } from '../settled.ts'
import { type ReleasedFunction, tellLive, tellPinned, tellRemoved, tellReused, tellStaged } from '../tell-released.ts'
import type { BuiltImage } from './build.ts'
import type { FunctionPlan } from './plan.ts'

/**
 * Writes the wanted revisions and waits until the controller brought each live or gave it up. A function of which neither
 * image nor configuration changed is left alone, container and all. When all are live, the
 * repository's functions that left the stack are removed. Throws NOT_READY with the function's own last words when one
 * did not get ready: what was live before goes on serving.
 */
export const release = async (
  run: Run,
  plans: readonly FunctionPlan[],
  images: ReadonlyMap<string, BuiltImage>,
): Promise<ReleasedFunction[]> => {
  const { context, build } = run
  const { repository } = build.push
  const bells = channels(context.config.cloud)
  const settled = await listenForSettled(run)
  try {
    const facts = {
      claim: run.claim,
      tenantId: repository.tenantId,
      repositoryId: repository.id,
      functions: plans.map((plan) => ({ name: plan.fn.name, spec: plan.spec, ...imageOf(images, plan) })),
      signedBy: context.signingKey,
    }
    const revisions = run.rebuilt
      ? await releaseRebuild(context.db, facts)
      : await writeRelease(context.db, {
          ...facts,
          sha: build.push.sha,
          sequence: build.push.sequence,
          target: run.target,
          isStaged: build.isStaged,
          madeAt: madeAt(build.push),
        })
    await run.wantStatuses(...deploymentReport(run, { state: 'pending', description: 'deploying' }))
    const changed = revisions.filter((revision) => !revision.isReused && !revision.isPinned && !revision.isStaged)
    for (const revision of changed) {
      run.tell({ kind: 'function', function: revision.name, status: 'deploying' })
      void context.bus.publish(bells.functionWanted, revision.functionId)
    }
    const reused = await tellReused(run, revisions)
    const staged = revisions.filter((revision) => revision.isStaged && !revision.isReused)
    const waiting = await Promise.all(staged.map((revision) => tellStaged(run, revision)))
    const pinned = revisions.filter((revision) => revision.isPinned).map((revision) => tellPinned(run, revision))
    const live = await waitUntilLive(run, plans, changed, settled)
    const released = [...reused, ...waiting, ...(await Promise.all(pinned)), ...live]
    // What a rebuild did not name is none of its business.
    if (run.rebuilt) return released
    if (!run.target) await keepCommit(run, revisions)
    if (build.isStaged) return released
    await removeWhatLeft(run, plans, revisions)
    return released
  } finally {
    settled.close()
  }
}

/** What is in the stack no more goes, once all that is in it is there. */
const removeWhatLeft = async (
  run: Run,
  plans: readonly FunctionPlan[],
  revisions: readonly WantedRevision[],
): Promise<void> => {
  const { target } = run
  if (!target) {
    return removeFromLive(
      run,
      plans.map((plan) => plan.fn.name),
    )
  }
  const { push } = run.build
  const of = { claim: run.claim, repositoryId: push.repositoryId, sequence: push.sequence, alias: target.alias }
  const previewed = revisions.filter((revision) => revision.alias === target.alias)
  const keep = previewed.map((revision) => revision.functionId)
  tellRemoved(run, await removeMissingPreviews(run.context.db, { ...of, keep }))
}

const imageOf = (images: ReadonlyMap<string, BuiltImage>, plan: FunctionPlan): BuiltImage => {
  const image = images.get(plan.fn.name)
  if (!image) throw new AppError('INTERNAL', `no image of ${plan.fn.name}`)
  return image
}

const waitUntilLive = async (
  run: Run,
  plans: readonly FunctionPlan[],
  revisions: readonly WantedRevision[],
  settled: Settled,
): Promise<ReleasedFunction[]> => {
  const startedAt = performance.now()
  const waiting = new Map(revisions.map((revision) => [revision.revisionId, revision]))
  const released: ReleasedFunction[] = []
  const failures: { name: string; failure: string }[] = []
  while (waiting.size > 0) {
    for (const row of await revisionStates(run.context.db, [...waiting.keys()])) {
      const revision = waiting.get(row.id)
      if (!revision || row.state === 'wanted' || row.state === 'ready') continue
      waiting.delete(row.id)
      if (row.state === 'failed') {
        failures.push({ name: revision.name, failure: row.failure ?? 'it did not get ready' })
        continue
      }
      // Somebody rolled back meanwhile.
      const isPinned = row.state === 'built'
      released.push(
        await (isPinned ? tellPinned(run, revision) : tellLive(run, revision, performance.now() - startedAt)),
      )
    }
    if (waiting.size === 0) break
    if (performance.now() - startedAt > run.context.config.deployLimitMs) throw noController(run, waiting.size)
    await settled.next()
    run.signal.throwIfAborted()
  }
  // Of a stack that failed together the one that did not get ready comes first; the others only had to wait for it.
  const culprits = failures.filter(({ failure }) => !failure.startsWith(NOT_DEPLOYED))
  const [first] = culprits.length > 0 ? culprits : failures
  const plan = plans.find(({ fn }) => fn.name === first?.name)
  if (first) throw notReady(run, plan, { ...first, count: Math.max(culprits.length, 1) })
  return released
}

/** What the function said last may name the lines of its own code that are to blame. */
const notReady = (
  run: Run,
  plan: FunctionPlan | undefined,
  { name, failure, count }: { name: string; failure: string; count: number },
): AppError =>
  new AppError('NOT_READY', `${count} functions did not get ready`, {
    function: name,
    faults: placesIn(failure.split('\n'), plan?.context.handlerFiles ?? []),
    hint:
      `function “${name}” ${failure}` +
      (count > 1 ? ` (and ${count - 1} more; see ${buildPageUrl(run.context.urls, run.build.id)})` : ''),
  })

const noController = (run: Run, count: number): AppError =>
  new AppError('ENGINE_FAILED', `the controller did not settle ${count} revisions of ${STACK_CONTEXT}`, {
    hint: `the cloud could not start the functions within ${run.context.config.deployLimitMs / 1000} s`,
  })
