import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { print } from '../show/print.ts'

/** Prints what signs a browser in as the tenant's owner: whoever opens it first. */
export const loginLink = async (context: Context, cloudUrl: string | undefined): Promise<void> => {
  const options = cloudUrl === undefined ? context.options : { ...context.options, cloud: cloudUrl }
  const { cloud, tenant } = await openCloud({ ...context, options })
  const link = await callApi(cloud, tenantRoutes.makeLoginLink, { params: { tenant }, signal: context.signal })
  print(context, link, () => link.url)
}
