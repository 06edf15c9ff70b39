import type { Deployment } from '@pushfn/forge/forge'
import { forgeRepository } from '@pushfn/forge/forge-repository'
import { forgeOf } from '@pushfn/forge/forges'
import type { BuildEvent } from '@pushfn/model/build-event'
import { BuildFailure } from '@pushfn/model/build-state'
import { BuildTarget } from '@pushfn/model/build-target'
import { contextName, STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import { readBuildLog } from '@pushfn/store/build-log'
import { readBuildStream } from '@pushfn/store/build-stream'
import { type DueReport, mayBeTold } from '@pushfn/store/reports'
import { checkOf } from './check-of.ts'
import type { BuilderContext } from './context.ts'

/** Tells the forge a report, and returns the id that it has there, if any. */
export type TellForge = (report: DueReport, signal: AbortSignal) => Promise<string | undefined>

export const createTellForge = (context: BuilderContext): TellForge => {
  /** Installations that deployments are not recorded for, told to the log once. */
  const without = new Set<string>()

  return async (report, signal) => {
    const { push } = report.build
    const repository = forgeRepository(push.repository)
    const forge = forgeOf(context.forges, push.repository.forge)
    if (report.environment === null) {
      // What began as a status ends as one, or its `pending` would stand on the commit for ever.
      if (forge.setCheck && (report.forgeId !== null || report.sent === 0)) {
        const id = await forge.setCheck(repository, push.sha, await checkOfReport(context, report), signal)
        if (id !== undefined) return id
      }
      const { state, description, targetUrl } = report
      const status = { context: report.context, state, description, ...(targetUrl && { targetUrl }) }
      await forge.setStatus(repository, push.sha, status, signal)
      return undefined
    }
    // What nobody was told of need not be ended.
    if (report.isOver && report.forgeId === null && !mayBeTold(report)) return undefined
    const deployment = deploymentOf(context, report, report.environment)
    const id = await forge.setDeployment?.(repository, push.sha, deployment, signal)
    const installation = repository.installationId ?? ''
    if (id === undefined && !without.has(installation)) {
      without.add(installation)
      context.log.info({ installation, tenant: repository.owner }, 'no deployments: the App may not write them')
    }
    return id
  }
}

const checkOfReport = async (context: BuilderContext, report: DueReport) => {
  const { build } = report
  const name = contextName(report.context.slice((context.config.statusPrefix ?? '').length))
  const events: BuildEvent[] =
    (await readBuildLog(context.db, build.id)) ??
    (await readBuildStream(context.bus, context.config.cloud, build.id).catch(() => []))
  return checkOf({
    report,
    function: name === STACK_CONTEXT ? undefined : name,
    prefix: report.context.slice(0, -name.length),
    events,
    failure: BuildFailure.nullable().parse(build.failure),
    pageUrl: buildPageUrl(context.urls, build.id),
  })
}

const deploymentOf = (context: BuilderContext, report: DueReport, environment: string): Deployment => ({
  ...(report.forgeId && { id: report.forgeId }),
  mayExist: mayBeTold(report),
  externalId: report.buildId,
  environment,
  ...instanceOf(report),
  isProduction: report.build.target === null,
  state: deploymentState(report),
  description: report.description,
  ...(report.state === 'success' && report.targetUrl && { environmentUrl: report.targetUrl }),
  logUrl: buildPageUrl(context.urls, report.buildId),
})

/** Pull requests share the environment “preview”, and each has an alias of its own. */
const instanceOf = ({ build }: DueReport): { instance?: string } => {
  const target = BuildTarget.nullable().parse(build.target)
  return build.push.pullRequestId !== null && target ? { instance: target.alias } : {}
}

const deploymentState = ({ state, build, isOver }: DueReport): Deployment['state'] => {
  if (isOver) return 'inactive'
  if (state === 'pending') return 'in_progress'
  if (state !== 'error') return state
  return build.state === 'superseded' || build.state === 'cancelled' ? 'inactive' : 'error'
}
