import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ForgeRepository } from '@pushfn/forge/forge'
import type { Log } from '@pushfn/kit/log'
import type { BuildEventInput } from '@pushfn/model/build-event'
import type { CommitStatus } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import { storeBuildLog } from '@pushfn/store/build-log'
import { openBuildWriter, readBuildStream } from '@pushfn/store/build-stream'
import { type Claim, type ClaimedBuild, claimBuild, LEASE_MS, renewLease } from '@pushfn/store/builds'
import { channels } from '@pushfn/store/bus'
import { wantReports } from '@pushfn/store/reports'
import type { BuilderContext } from './context.ts'
import { forgeRepository } from './forge-repository.ts'

/** One run of the pipeline, from the claim to the last word. */
export interface Run extends AsyncDisposable {
  readonly context: BuilderContext
  readonly build: ClaimedBuild
  readonly claim: Claim
  readonly log: Log
  /** Aborts with an AppError when the run must not go on: superseded, lease lost, out of time, or the process stops. */
  readonly signal: AbortSignal
  /** A folder of this run alone; gone with it. */
  readonly workspace: string
  readonly repository: ForgeRepository
  /** Says something on the build's live stream. */
  tell(event: BuildEventInput): void
  /** Writes what the forge shall be told, and goes on. */
  wantStatuses(...statuses: CommitStatus[]): Promise<void>
  /** Waits until all that was told is out, and keeps it as the build's log. */
  storeLog(): Promise<void>
}

/** Claims the build and opens its run; undefined when there is nothing to claim. */
export const openRun = async (context: BuilderContext, buildId: string): Promise<Run | undefined> => {
  const build = await claimBuild(context.db, buildId, context.owner)
  if (!build) return undefined
  const claim: Claim = { buildId, generation: build.generation }
  const { repository } = build.push
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

  const holding = setInterval(() => renewLease(context.db, claim).catch((err) => abortIfLost(err)), LEASE_MS / 3)
  const abortIfLost = (err: unknown) => {
    if (err instanceof AppError) abort.abort(err)
    else log.warn({ err }, 'the lease could not be renewed; it is tried again')
  }
  const limit = setTimeout(() => abort.abort(outOfTime(context.config.buildLimitMs)), context.config.buildLimitMs)
  const unsubscribe = await context.bus.subscribe(channels(context.config.cloud).buildSuperseded, (id) => {
    if (id === buildId) abort.abort(superseded())
  })
  const stop = () => abort.abort(new AppError('LEASE_LOST', 'the builder stops'))
  context.stopping.addEventListener('abort', stop)
  log.info('build claimed')

  return {
    context,
    build,
    claim,
    log,
    signal: abort.signal,
    workspace,
    repository: forgeRepository(repository),
    tell: (event) => writer.write(event),
    wantStatuses: async (...statuses) => {
      const prefix = context.config.statusPrefix ?? ''
      await wantReports(
        context.db,
        buildId,
        statuses.map((status) => ({ ...status, context: `${prefix}${status.context}` })),
      )
      void context.bus.publish(channels(context.config.cloud).reportDue, buildId)
    },
    storeLog: async () => {
      await writer.flush()
      const told = await readBuildStream(context.bus, context.config.cloud, buildId).catch(() => [])
      // Redis has the earlier tries as well, unless it lost them.
      await storeBuildLog(context.db, buildId, told.length >= writer.events.length ? told : writer.events)
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

const superseded = (): AppError =>
  new AppError('SUPERSEDED', 'a newer push of the ref came', { hint: 'a newer push of the branch came' })

const outOfTime = (limitMs: number): AppError =>
  new AppError('BUILD_LIMIT', 'the build took too long', {
    hint: `the build was stopped after ${Math.round(limitMs / 1000)} s, the longest one may take here`,
  })
