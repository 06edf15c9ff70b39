import type { TenantLimitsView } from '@pushfn/model/api'
import { operatorRoutes } from '@pushfn/model/api-routes-operators'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import { findCloud } from '../config/find-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { print } from '../show/print.ts'

interface LimitOptions {
  requestsPerSecond?: string | undefined
  burst?: string | undefined
  concurrentRequests?: string | undefined
  default?: true | undefined
}

export const createTenant = async (context: Context, slug: string): Promise<void> => {
  const cloud = await findCloud(context)
  const view = await callApi(cloud, operatorRoutes.makeTenant, { params: {}, body: { slug }, signal: context.signal })
  print(context, view, () => (view.isNew ? `${view.slug} is made` : `${view.slug} was there already`))
}

export const limits = async (context: Context, name: string | undefined, options: LimitOptions): Promise<void> => {
  const body = limitsFrom(options)
  const { cloud, tenant } = await openCloud(
    name === undefined ? context : { ...context, options: { ...context.options, tenant: name } },
  )
  const asked = { params: { tenant }, signal: context.signal }
  const view = options.default
    ? await callApi(cloud, operatorRoutes.removeLimits, asked)
    : body
      ? await callApi(cloud, operatorRoutes.setLimits, { ...asked, body })
      : await callApi(cloud, tenantRoutes.showLimits, asked)
  print(context, view, () => limitsText(tenant, view))
}

/** All three are set together: to leave one out would be no limit, or the old one, and nobody could tell which. */
const limitsFrom = ({ requestsPerSecond, burst, concurrentRequests, default: isDefault }: LimitOptions) => {
  const said = [requestsPerSecond, burst, concurrentRequests].filter((each) => each !== undefined).length
  if (said === 0) return undefined
  if (
    said < 3 ||
    isDefault ||
    requestsPerSecond === undefined ||
    burst === undefined ||
    concurrentRequests === undefined
  ) {
    throw new Failure('usage', 'the three limits are set together, or --default alone', {
      hint: '--requests-per-second 100 --burst 200 --concurrent-requests none',
    })
  }
  return {
    requestsPerSecond: limitFrom(requestsPerSecond),
    burst: limitFrom(burst),
    concurrentRequests: limitFrom(concurrentRequests),
  }
}

const limitFrom = (text: string): number | null => {
  if (text === 'none') return null
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  throw new Failure('usage', `“${text}” is no limit`, { hint: 'it is a number, or none' })
}

const limitsText = (tenant: string, { limits }: TenantLimitsView): string =>
  limits === null
    ? `${tenant} has the cloud’s own limits`
    : `${tenant} may be asked ${limits.requestsPerSecond ?? 'any number'} requests a second (burst ${limits.burst ?? 'any'}), ${limits.concurrentRequests ?? 'any number'} at once`
