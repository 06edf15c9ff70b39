import type { StackCheck } from '@pushfn/forge/forge'
import { forgeOf } from '@pushfn/forge/forges'
import type { BuildEvent } from '@pushfn/model/build-event'
import { BuildFailure } from '@pushfn/model/build-state'
import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import { buildPageUrl } from '@pushfn/model/urls'
import { readBuildLog } from '@pushfn/store/build-log'
import { readBuildStream } from '@pushfn/store/build-stream'
import { channels } from '@pushfn/store/bus'
import {
  type DueReport,
  dueReports,
  keepCheckId,
  reportDelayed,
  reportSent,
  returnReports,
} from '@pushfn/store/reports'
import type { BuilderContext } from './context.ts'
import { forgeRepository } from './forge-repository.ts'
import { stackCheck } from './stack-check.ts'

const LOOK_EVERY_MS = 2_000
/** As many as can be told, one a second, before another reporter may take them. */
const REPORTS_AT_ONCE = 16
const BUILDS_AT_ONCE = 8
const FIRST_DELAY_MS = 2_000
const LONGEST_DELAY_MS = 300_000
/** A forge that was away this long will not be told any more: the commit is history. */
const MAX_TRIES = 60

/**
 * Tells the forges what the pipeline wants told: the newest word on each context, each once, in order within a build,
 * as often as it takes. Builds neither wait for it nor fail because of it.
 */
export const startReporter = async (context: BuilderContext): Promise<AsyncDisposable> => {
  const stop = new AbortController()
  let wake = Promise.withResolvers<void>()
  const unsubscribe = await context.bus.subscribe(channels(context.config.cloud).reportDue, () => wake.resolve())

  const loop = async () => {
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers<void>()
      const isMore = await reportOnce(context, stop.signal).catch((err) => {
        context.log.warn({ err }, 'reporting failed; it is tried again')
        return false
      })
      if (isMore) continue
      const timer = setTimeout(wake.resolve, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
    }
  }
  const looping = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      wake.resolve()
      unsubscribe()
      await looping
    },
  }
}

/** Reports what is due now; true when there may be more. */
const reportOnce = async (context: BuilderContext, signal: AbortSignal): Promise<boolean> => {
  const due = await dueReports(context.db, REPORTS_AT_ONCE)
  const builds = [...Map.groupBy(due, (report) => report.buildId).values()]
  for (let at = 0; at < builds.length; at += BUILDS_AT_ONCE) {
    await Promise.all(builds.slice(at, at + BUILDS_AT_ONCE).map((reports) => reportBuild(context, reports, signal)))
  }
  return due.length === REPORTS_AT_ONCE
}

const reportBuild = async (
  context: BuilderContext,
  reports: readonly DueReport[],
  signal: AbortSignal,
): Promise<void> => {
  for (const [n, report] of reports.entries()) {
    try {
      await tellForge(context, report, signal)
      await reportSent(context.db, report)
    } catch (err) {
      if (signal.aborted) return returnReports(context.db, reports.slice(n))
      const isFinal = err instanceof AppError && !err.isRetryable
      if (isFinal || report.tries + 1 >= MAX_TRIES) {
        context.log.error({ err, build: report.buildId, context: report.context }, 'a status is given up')
        await reportSent(context.db, report)
        continue
      }
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** report.tries, LONGEST_DELAY_MS)
      context.log.warn({ err, build: report.buildId, context: report.context, delayMs }, 'a status could not be set')
      await reportDelayed(context.db, report, delayMs)
    }
  }
}

const tellForge = async (context: BuilderContext, report: DueReport, signal: AbortSignal): Promise<void> => {
  const { push } = report.build
  const forge = forgeOf(context.forges, push.repository.forge)
  const repository = forgeRepository(push.repository)
  await forge.setStatus(
    repository,
    push.sha,
    {
      context: report.context,
      state: report.state,
      description: report.description,
      ...(report.targetUrl && { targetUrl: report.targetUrl }),
    },
    signal,
  )
  if (!forge.setCheck || report.context !== `${context.config.statusPrefix ?? ''}${STACK_CONTEXT}`) return
  const id = await forge.setCheck(repository, push.sha, await checkOf(context, report), signal)
  if (id && id !== report.build.checkId) await keepCheckId(context.db, report.buildId, id)
}

const checkOf = async (context: BuilderContext, report: DueReport): Promise<StackCheck> => {
  const { build } = report
  const events: BuildEvent[] =
    (await readBuildLog(context.db, build.id)) ??
    (await readBuildStream(context.bus, context.config.cloud, build.id).catch(() => []))
  return stackCheck({
    build,
    events,
    failure: BuildFailure.nullable().parse(build.failure),
    description: report.description,
    detailsUrl: buildPageUrl(context.urls, build.id),
  })
}
