import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import {
  currentReport,
  type DueReport,
  dueReports,
  HOLD_EVERY_MS,
  holdReport,
  isOvertaken,
  reportDelayed,
  reportSent,
  returnReports,
} from '@pushfn/store/reports'
import type { BuilderContext } from './context.ts'
import { createTellForge, type TellForge } from './tell-forge.ts'

const LOOK_EVERY_MS = 1_000
const REPORTS_AT_ONCE = 16
const BUILDS_AT_ONCE = 16
const FIRST_DELAY_MS = 2_000
const LONGEST_DELAY_MS = 300_000
/** A forge that was away this long will not be told any more: the commit is history. */
const MAX_TRIES = 60

/**
 * Tells the forges what the pipeline wants told: the newest word on each context, each once, in order within a build,
 * as often as it takes. Builds neither wait for it nor fail because of it, and no forge that hangs holds up the others.
 */
export const startReporter = async (context: BuilderContext): Promise<AsyncDisposable> => {
  const stop = new AbortController()
  let wake = Promise.withResolvers<void>()
  const ring = () => wake.resolve()
  const unsubscribe = await context.bus.subscribe(channels(context.config.cloud).reportDue, ring)
  const telling = new Set<Promise<void>>()
  const tellForge = createTellForge(context)

  const begin = (reports: readonly DueReport[]) => {
    const work = reportBuild({ context, tellForge, signal: stop.signal }, reports)
      .catch((err) => context.log.warn({ err }, 'reporting failed; it is tried again'))
      .finally(() => {
        telling.delete(work)
        ring()
      })
    telling.add(work)
  }
  /** Takes what is due now; true when there may be more that can be begun. */
  const look = async (): Promise<boolean> => {
    if (telling.size >= BUILDS_AT_ONCE) return false
    const due = await dueReports(context.db, REPORTS_AT_ONCE)
    for (const reports of Map.groupBy(due, (report) => report.buildId).values()) begin(reports)
    return due.length === REPORTS_AT_ONCE
  }
  const loop = async () => {
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers<void>()
      const isMore = await look().catch((err) => {
        context.log.warn({ err }, 'reporting failed; it is tried again')
        return false
      })
      if (isMore) continue
      const timer = setTimeout(ring, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
    }
  }
  const looping = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      ring()
      unsubscribe()
      await looping
      await Promise.all(telling)
    },
  }
}

interface Reporter {
  context: BuilderContext
  tellForge: TellForge
  /** Aborts when the reporter stops. */
  signal: AbortSignal
}

/** Tells all that is due of one build, one after the other. */
const reportBuild = async (reporter: Reporter, reports: readonly DueReport[]): Promise<void> => {
  const { context, signal } = reporter
  const hold = () => Promise.all(reports.map((report) => holdReport(context.db, report))).catch(() => undefined)
  const holding = setInterval(hold, HOLD_EVERY_MS)
  try {
    for (const [n, taken] of reports.entries()) {
      if (signal.aborted) return await returnReports(context.db, reports.slice(n))
      await tellOnce(reporter, taken)
    }
  } finally {
    clearInterval(holding)
  }
}

/** Tells the newest word of a report that was taken, and keeps what became of it. */
const tellOnce = async ({ context, tellForge, signal }: Reporter, taken: DueReport): Promise<void> => {
  const report = await currentReport(context.db, taken)
  if (!report) return returnReports(context.db, [taken])
  try {
    if (!report.forgeId && (await isOvertaken(context.db, report))) return await reportSent(context.db, report)
    await reportSent(context.db, report, await tellForge(report, signal))
  } catch (err) {
    if (signal.aborted) return returnReports(context.db, [report])
    const about = { err, build: report.buildId, context: report.context }
    const isFinal = err instanceof AppError && !err.isRetryable
    if (isFinal || report.tries + 1 >= MAX_TRIES) {
      context.log.error(about, 'a report is given up')
      return reportSent(context.db, report)
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** report.tries, LONGEST_DELAY_MS)
    context.log.warn({ ...about, delayMs }, 'a report could not be told')
    await reportDelayed(context.db, report, delayMs)
  }
}
