import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import type { Role } from '@pushfn/model/roles'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

const DAY_MS = 86_400_000

export const listTokens = async (context: Context): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const list = await callApi(cloud, tenantRoutes.listTokens, { params: { tenant }, signal: context.signal })
  print(context, list, () => {
    const rows = list.items.map((token) => [
      token.id,
      token.role,
      token.lastUsedAt === null ? 'never' : `${ageText(token.lastUsedAt)} ago`,
      token.expiresAt ?? 'never',
      token.name,
    ])
    return columns(['TOKEN', 'ROLE', 'LAST USED', 'EXPIRES', 'NAME'], rows, { isCut: true })
  })
}

/** The one command whose answer is a token. On stdout there is nothing else, so that it can be piped where it belongs. */
export const createToken = async (
  context: Context,
  name: string,
  { days, role }: { days?: string | undefined; role?: Role | undefined },
): Promise<void> => {
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw new Failure('usage', `“${days}” is no number of days`)
  const { cloud, tenant } = await openCloud(context)
  const expiresAt = days && new Date(Date.now() + Number(days) * DAY_MS).toISOString()
  const body = { name, ...(role && { role }), ...(expiresAt && { expiresAt }) }
  const view = await callApi(cloud, tenantRoutes.makeToken, { params: { tenant }, body, signal: context.signal })
  print(context, view, () => view.token)
  if (!context.options.json) process.stderr.write(`it is shown this once; pushfn token revoke ${view.id} ends it\n`)
}

export const revokeToken = async (context: Context, id: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  await callApi(cloud, tenantRoutes.revokeToken, { params: { tenant, id }, signal: context.signal })
  print(context, { id }, () => `${id} is revoked`)
}
