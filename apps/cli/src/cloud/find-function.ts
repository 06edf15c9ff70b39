import type { FunctionView } from '@pushfn/model/api'
import { functionRoutes } from '@pushfn/model/api-routes-functions'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { callApi } from './call-api.ts'
import type { Cloud } from './cloud.ts'
import { openCloud } from './open-cloud.ts'

/** One function of the tenant, by its name. Throws Failure when there is none. */
export const findFunction = async (context: Context, name: string): Promise<{ cloud: Cloud; found: FunctionView }> => {
  const { cloud, tenant } = await openCloud(context)
  const { items } = await callApi(cloud, functionRoutes.listFunctions, { params: { tenant }, signal: context.signal })
  const found = items.find((fn) => fn.name === name)
  if (found) return { cloud, found }
  throw new Failure('refused', `${tenant} has no function “${name}”`, {
    status: 404,
    title: 'NOT_FOUND',
    hint: 'pushfn ls lists those there are',
  })
}
