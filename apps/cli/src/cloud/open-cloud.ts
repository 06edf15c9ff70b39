import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { findCloud } from '../config/find-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { callApi } from './call-api.ts'
import type { Cloud } from './cloud.ts'

/** The cloud, and the tenant that a command is about: `--tenant`, else the token's own. */
export const openCloud = async (context: Context): Promise<{ cloud: Cloud; tenant: string }> => {
  const cloud = await findCloud(context)
  const tenant = context.options.tenant ?? cloud.tenant ?? (await ownTenant(cloud, context.signal))
  if (tenant !== undefined) return { cloud, tenant }
  throw new Failure('usage', 'an operator says which tenant it is about', { hint: 'add --tenant <name>' })
}

const ownTenant = async (cloud: Cloud, signal: AbortSignal): Promise<string | undefined> => {
  const session = await callApi(cloud, tenantRoutes.showSession, { params: {}, signal })
  return session.kind === 'tenant' ? session.tenant : undefined
}
