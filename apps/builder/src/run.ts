import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ForgeRepository } from '@pushfn/forge/forge'
import { forgeRepository } from '@pushfn/forge/forge-repository'
import type { Log } from '@pushfn/kit/log'
import type { BuildEventInput } from '@pushfn/model/build-event'
import type { BuildFailure, TERMINAL_STATES } from '@pushfn/model/build-state'
import { BuildTarget, placeOf } from '@pushfn/model/build-target'
import { statusContext } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import type { RepositorySettings } from '@pushfn/model/repository-settings'
import { storeBuildLog } from '@pushfn/store/build-log'
import { openBuildWriter, readBuildStream } from '@pushfn/store/build-stream'
import { type Claim, type ClaimedBuild, claimBuild, finishBuild, LEASE_MS, renewLease } from '@pushfn/store/builds'
import { channels } from '@pushfn/store/bus'
import { dueComment } from '@pushfn/store/pull-requests'
import { rebuiltNames } from '@pushfn/store/release-rebuild'
import { type WantedReport, wantReports } from '@pushfn/store/reports'
import { settingsOf } from '@pushfn/store/repository-settings'
import type { BuilderContext } from './context.ts'
import { refuseIfOver } from './refuse-if-over.ts'

/** One run of the pipeline, from the claim to the last word. */
export interface Run extends AsyncDisposable {
  readonly context: BuilderContext
  readonly build: ClaimedBuild
  readonly claim: Claim
  readonly log: Log
  /** Aborts with an AppError when the run must not go on: superseded, cancelled, lease lost, out of time, or the process stops. */
  readonly signal: AbortSignal
  /** A folder of this run alone; gone with it. */
  readonly workspace: string
  readonly repository: ForgeRepository
  /** Where its functions go when that is not `live`. */
  readonly target: BuildTarget | undefined
  /** The whole name of a status's context, as the forge has it. */
  contextOf(name: string): string
  /** The functions alone that an operator has built again on a new base; undefined: all of the stack, for a push. */
  readonly rebuilt: readonly string[] | undefined
  /** What the tenant settled about it. */
  readonly settings: RepositorySettings
  /** Says something on the build's live stream. */
  tell(event: BuildEventInput): void
  /** Writes what the forge shall be told, and goes on. */
  wantStatuses(...statuses: WantedReport[]): Promise<void>
  /**
   * Ends the build for good: its state, the last words to the forge and its log in one transaction, so that no crash can
   * leave a status pending for ever. False when the claim is void or the build had ended already; then nothing was changed.
   */
  end(ending: RunEnding): Promise<boolean>
}

export interface RunEnding {
  state: (typeof TERMINAL_STATES)[number]
  failure?: BuildFailure
  statuses: readonly WantedReport[]
  /** Told once it is true. */
  events: readonly BuildEventInput[]
}

/** Claims the build and opens its run; undefined when there is nothing to claim. */
export const openRun = async (context: BuilderContext, buildId: string): Promise<Run | undefined> => {
  const build = await claimBuild(context.db, buildId, context.owner)
  if (!build) return undefined
  const claim: Claim = { buildId, generation: build.generation }
  const { repository } = build.push
  const target = BuildTarget.nullable().parse(build.target) ?? undefined
  const rebuilt = build.push.trigger === 'rebuild' ? await rebuiltNames(context.db, buildId) : undefined
  const log = context.log.child({
    build: buildId,
    tenant: repository.tenant.slug,
    repository: repository.name,
    commit: build.push.sha.slice(0, 8),
    delivery: build.push.deliveryId ?? undefined,
    try: build.tries,
  })
  const abort = new AbortController()
  const writer = openBuildWriter(context.bus, context.config.cloud, { id: buildId, attempt: build.generation }, (err) =>
    log.warn({ err: err.message }, 'the live stream does not take events'),
  )
  const workspace = join(context.config.dataDir, 'builds', `${buildId}.${randomUUID().slice(0, 8)}`)
  await mkdir(workspace, { recursive: true, mode: 0o755 })

  /** Bells get lost: whether the run may go on is looked up as well. */
  const hold = async () => {
    try {
      await renewLease(context.db, claim)
      await refuseIfOver(context.db, build)
    } catch (err) {
      if (err instanceof AppError) abort.abort(err)
      else log.warn({ err }, 'the lease could not be renewed; it is tried again')
    }
  }
  const unsubscribe = await context.bus.subscribe(channels(context.config.cloud).buildSuperseded, (id) => {
    if (id === buildId) void hold()
  })
  const holding = setInterval(hold, LEASE_MS / 3)
  const limit = setTimeout(() => abort.abort(outOfTime(context.config.buildLimitMs)), context.config.buildLimitMs)
  const stop = () => abort.abort(new AppError('LEASE_LOST', 'the builder stops'))
  context.stopping.addEventListener('abort', stop)
  log.info('build claimed')
  const contextOf = (name: string) => `${context.config.statusPrefix ?? ''}${statusContext(name, placeOf(target))}`
  /** Of a rebuild the forge is told nothing: nobody pushed, and the commit is live as it was. */
  const prefixed = (statuses: readonly WantedReport[]) =>
    rebuilt ? [] : statuses.map((status) => ({ ...status, context: contextOf(status.context) }))

  return {
    context,
    build,
    claim,
    log,
    signal: abort.signal,
    workspace,
    repository: forgeRepository(repository),
    target,
    contextOf,
    rebuilt,
    settings: settingsOf(repository),
    tell: (event) => writer.write(event),
    wantStatuses: async (...statuses) => {
      await wantReports(context.db, buildId, prefixed(statuses), context.config.reportAfterMs)
      void context.bus.publish(channels(context.config.cloud).reportDue, buildId)
    },
    end: async ({ state, failure, statuses, events }) => {
      await writer.flush()
      const told = await readBuildStream(context.bus, context.config.cloud, buildId).catch(() => [])
      // Redis has the earlier tries as well, unless it lost them.
      const log = [...(told.length >= writer.events.length ? told : writer.events), ...writer.draft(events)]
      const isOurs = await context.db.$transaction(async (tx) => {
        if (!(await finishBuild(tx, claim, state, failure))) return false
        await wantReports(tx, buildId, prefixed(statuses))
        await storeBuildLog(tx, buildId, log)
        if (build.push.pullRequestId) await dueComment(tx, build.push.pullRequestId)
        return true
      })
      if (!isOurs) return false
      for (const event of events) writer.write(event)
      void context.bus.publish(channels(context.config.cloud).reportDue, buildId)
      return true
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(holding)
      clearTimeout(limit)
      unsubscribe()
      context.stopping.removeEventListener('abort', stop)
      await writer.flush()
      await rm(workspace, { recursive: true, force: true })
    },
  }
}

const outOfTime = (limitMs: number): AppError =>
  new AppError('BUILD_LIMIT', 'the build took too long', {
    hint: `the build was stopped after ${Math.round(limitMs / 1000)} s, the longest one may take here`,
  })
