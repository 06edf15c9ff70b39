import { forgeOf } from '@pushfn/forge/forges'
import type { BuildEvent } from '@pushfn/model/build-event'
import { BuildFailure } from '@pushfn/model/build-state'
import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import { readBuildLog } from '@pushfn/store/build-log'
import { readBuildStream } from '@pushfn/store/build-stream'
import type { DueReport } from '@pushfn/store/reports'
import { checkOf } from './check-of.ts'
import type { BuilderContext } from './context.ts'
import { forgeRepository } from './forge-repository.ts'

/**
 * Tells the forge a report: by a check run where it has such a thing and the cloud may write it, by a commit status
 * otherwise, never by both. What began as one ends as the same, or its `pending` would stand on the commit for ever.
 * Returns the check run's id.
 */
export const tellForge = async (
  context: BuilderContext,
  report: DueReport,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { push } = report.build
  const forge = forgeOf(context.forges, push.repository.forge)
  const repository = forgeRepository(push.repository)
  if (forge.setCheck && (report.forgeId !== null || report.sent === 0)) {
    const id = await forge.setCheck(repository, push.sha, await checkOfReport(context, report), signal)
    if (id !== undefined) return id
  }
  const { state, description, targetUrl } = report
  const status = { context: report.context, state, description, ...(targetUrl && { targetUrl }) }
  await forge.setStatus(repository, push.sha, status, signal)
  return undefined
}

const checkOfReport = async (context: BuilderContext, report: DueReport) => {
  const { build } = report
  const prefix = context.config.statusPrefix ?? ''
  const name = report.context.slice(prefix.length)
  const events: BuildEvent[] =
    (await readBuildLog(context.db, build.id)) ??
    (await readBuildStream(context.bus, context.config.cloud, build.id).catch(() => []))
  return checkOf({
    report,
    function: name === STACK_CONTEXT ? undefined : name,
    prefix,
    events,
    failure: BuildFailure.nullable().parse(build.failure),
    pageUrl: buildPageUrl(context.urls, build.id),
  })
}
