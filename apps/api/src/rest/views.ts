import type { BuildView, FunctionView } from '@pushfn/model/api'
import { BuildFailure } from '@pushfn/model/build-state'
import { routeKey } from '@pushfn/model/route'
import { functionUrl } from '@pushfn/model/urls'
import type { BuildRow } from '@pushfn/store/build-list'
import { functionsOf } from '@pushfn/store/functions'
import { countEndpoints } from '@pushfn/store/route-store'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import { scheduleView } from './schedule-view.ts'

/** Rows of the database as the API shows them. */

export const listFunctions = async (context: ApiContext, tenant: Tenant): Promise<FunctionView[]> => {
  const functions = await functionsOf(context.db, tenant.id)
  const keyOf = (name: string) => routeKey({ host: tenant.slug, function: name })
  const endpoints = await countEndpoints(
    context.bus.redis,
    context.config.cloud,
    functions.map(({ name }) => keyOf(name)),
  )
  const views = functions.map(async (fn): Promise<FunctionView> => {
    const alias = fn.aliases[0]
    const live = alias?.revision
    const replicas = endpoints?.get(keyOf(fn.name)) ?? null
    const isDeploying = Boolean(alias?.wantedRevisionId) && alias?.wantedRevisionId !== live?.id
    const stands = replicas === 0 ? 'asleep' : 'live'
    return {
      name: fn.name,
      url: functionUrl(context.urls, tenant.slug, fn.name),
      repository: fn.repository.name,
      state: isDeploying ? 'deploying' : live ? stands : 'down',
      replicas,
      sha: live?.sha ?? null,
      image: live?.image ?? null,
      buildId: live?.buildId ?? null,
      pinnedSince: fn.pin?.createdAt.toISOString() ?? null,
      liveSince: live && alias ? alias.movedAt.toISOString() : null,
      schedule: await scheduleView(context, { tenant: tenant.slug, function: fn.name }, live?.spec),
    }
  })
  return Promise.all(views)
}

export const buildView = (tenant: Tenant, build: BuildRow): BuildView => ({
  id: build.id,
  tenant: tenant.slug,
  state: build.state,
  repository: build.push.repository.name,
  ref: build.push.ref,
  sha: build.push.sha,
  message: build.push.message,
  pusher: build.push.pusher,
  createdAt: build.createdAt.toISOString(),
  startedAt: build.startedAt?.toISOString() ?? null,
  finishedAt: build.finishedAt?.toISOString() ?? null,
  failure: failureOf(build),
})

/** Why a build ended as it did, as its row keeps it. */
export const failureOf = (build: BuildRow): BuildFailure | null => BuildFailure.nullable().parse(build.failure)
