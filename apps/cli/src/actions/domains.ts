import type { DomainView } from '@pushfn/model/api'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

export const listDomains = async (context: Context): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const list = await callApi(cloud, tenantRoutes.listDomains, { params: { tenant }, signal: context.signal })
  print(context, list, () => {
    if (list.items.length === 0) return `${tenant} has no domains: pushfn domain add <domain>`
    const rows = list.items.map((each) => [
      each.domain,
      each.verifiedAt === null ? 'waits for its record' : `served for ${ageText(each.verifiedAt)}`,
      each.function ?? '(all functions)',
    ])
    return columns(['DOMAIN', 'STATE', 'LEADS TO'], rows)
  })
}

export const addDomain = async (
  context: Context,
  domain: string,
  options: { function?: string | undefined },
): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const body = { domain, function: options.function ?? null }
  const view = await callApi(cloud, tenantRoutes.claimDomain, { params: { tenant }, body, signal: context.signal })
  print(context, view, () => domainText(view))
}

export const verifyDomain = async (context: Context, domain: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const view = await callApi(cloud, tenantRoutes.verifyDomain, { params: { tenant, domain }, signal: context.signal })
  print(context, view, () => domainText(view))
}

export const removeDomain = async (context: Context, domain: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  await callApi(cloud, tenantRoutes.removeDomain, { params: { tenant, domain }, signal: context.signal })
  print(context, { domain }, () => `${domain} is served no more`)
}

const domainText = ({ domain, verifiedAt, record }: DomainView): string =>
  verifiedAt !== null
    ? `${domain} is served`
    : `${domain} is yours when DNS has this record:\n  ${record.name} ${record.type} ${record.value}\nthen: pushfn domain verify ${domain}`
