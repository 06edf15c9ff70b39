import { placesIn } from '@pushfn/images/log-places'
import { aliasHost } from '@pushfn/model/alias'
import { NOT_DEPLOYED, STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import { buildPageUrl, functionUrl } from '@pushfn/model/urls'
import { channels } from '@pushfn/store/bus'
import { madeAt } from '@pushfn/store/pushes'
import { releaseRebuild } from '@pushfn/store/release-rebuild'
import {
  aliasReused,
  removeMissing,
  removeMissingPreviews,
  revisionStates,
  type WantedRevision,
  release as writeRelease,
} from '@pushfn/store/releases'
import { deploymentReport } from '../deployment-report.ts'
import type { Run } from '../run.ts'
import type { BuiltImage } from './build.ts'
import type { FunctionPlan } from './plan.ts'

/** A bell may get lost: the database is asked this often all the same. */
const LOOK_EVERY_MS = 1_000

export interface ReleasedFunction {
  name: string
  url: string
  /** It went on running as it did: nothing of it changed. */
  isReused: boolean
  /** It stays where somebody put it by hand after the push was made. */
  isPinned: boolean
}

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
  const settled = await listen(run, bells.revisionSettled)
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
          madeAt: madeAt(build.push),
        })
    await run.wantStatuses(...deploymentReport(run, { state: 'pending', description: 'deploying' }))
    const changed = revisions.filter((revision) => !revision.isReused && !revision.isPinned)
    for (const revision of changed) {
      run.tell({ kind: 'function', function: revision.name, status: 'deploying' })
      void context.bus.publish(bells.functionWanted, revision.functionId)
    }
    const reused = await tellReused(run, revisions)
    const pinned = revisions.filter((revision) => revision.isPinned).map((revision) => tellPinned(run, revision))
    const released = [...reused, ...(await Promise.all(pinned)), ...(await waitUntilLive(run, plans, changed, settled))]
    // What a rebuild did not name is none of its business.
    if (run.rebuilt) return released
    if (!run.target) await keepCommit(run, revisions)
    const removed = await removeWhatLeft(run, plans, revisions)
    for (const fn of removed) {
      run.tell({ kind: 'function', function: fn.name, status: 'removed' })
      void context.bus.publish(bells.functionWanted, fn.id)
    }
    return released
  } finally {
    settled.close()
  }
}

/** The commit's own URL leads to what it left as it was, too. */
const keepCommit = async (run: Run, revisions: readonly WantedRevision[]): Promise<void> => {
  const { db, bus, config } = run.context
  await aliasReused(db, { claim: run.claim, sha: run.build.push.sha, revisions })
  for (const { functionId, isReused } of revisions) {
    if (isReused) void bus.publish(channels(config.cloud).functionWanted, functionId)
  }
}

/** What is in the stack no more goes, once all that is in it is there. */
const removeWhatLeft = (run: Run, plans: readonly FunctionPlan[], revisions: readonly WantedRevision[]) => {
  const { push } = run.build
  const of = { claim: run.claim, repositoryId: push.repositoryId, sequence: push.sequence }
  const { target } = run
  const names = plans.map((plan) => plan.fn.name)
  if (!target) return removeMissing(run.context.db, { ...of, madeAt: madeAt(push), keep: names })
  const previewed = revisions.filter((revision) => revision.alias === target.alias)
  const keep = previewed.map((revision) => revision.functionId)
  return removeMissingPreviews(run.context.db, { ...of, alias: target.alias, keep })
}

const imageOf = (images: ReadonlyMap<string, BuiltImage>, plan: FunctionPlan): BuiltImage => {
  const image = images.get(plan.fn.name)
  if (!image) throw new AppError('INTERNAL', `no image of ${plan.fn.name}`)
  return image
}

interface Settled {
  /** Resolves at the next bell, or after a while without one. */
  next(): Promise<void>
  close(): void
}

/** Listens before the wish is written, so that no bell is missed. */
const listen = async (run: Run, channel: string): Promise<Settled> => {
  let wake = Promise.withResolvers<void>()
  const ring = () => wake.resolve()
  const close = await run.context.bus.subscribe(channel, ring)
  run.signal.addEventListener('abort', ring)
  return {
    next: async () => {
      const timer = setTimeout(ring, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
      wake = Promise.withResolvers<void>()
    },
    close: () => {
      close()
      run.signal.removeEventListener('abort', ring)
    },
  }
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

const urlOf = (run: Run, { name, alias }: WantedRevision): string =>
  functionUrl(run.context.urls, aliasHost({ tenant: run.build.push.repository.tenant.slug, alias }), name)

const tellLive = async (run: Run, revision: WantedRevision, ms: number): Promise<ReleasedFunction> => {
  const { name } = revision
  const url = urlOf(run, revision)
  run.tell({ kind: 'function', function: name, status: 'live', url, ms })
  await run.wantStatuses({ context: name, state: 'success', description: `live at ${url}`, targetUrl: url })
  return { name, url, isReused: false, isPinned: false }
}

const tellReused = async (run: Run, revisions: readonly WantedRevision[]): Promise<ReleasedFunction[]> => {
  const reused = revisions
    .filter((revision) => revision.isReused)
    .map((revision) => ({ name: revision.name, url: urlOf(run, revision) }))
  for (const { name, url } of reused) run.tell({ kind: 'function', function: name, status: 'reused', url })
  await run.wantStatuses(
    ...reused.map(({ name, url }) => ({
      context: name,
      state: 'success' as const,
      description: `reused: unchanged, live at ${url}`,
      targetUrl: url,
    })),
  )
  return reused.map((fn) => ({ ...fn, isReused: true, isPinned: false }))
}

const tellPinned = async (run: Run, revision: WantedRevision): Promise<ReleasedFunction> => {
  const { name } = revision
  const url = urlOf(run, revision)
  const reason = 'built, but not live: the function was pinned by hand after this push'
  run.tell({ kind: 'function', function: name, status: 'pinned', reason })
  await run.wantStatuses({ context: name, state: 'success', description: reason, targetUrl: url })
  return { name, url, isReused: false, isPinned: true }
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
