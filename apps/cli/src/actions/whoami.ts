import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { findCloud } from '../config/find-cloud.ts'
import type { Context } from '../context.ts'
import { print } from '../show/print.ts'
import { sessionText } from '../show/session-text.ts'

export const whoami = async (context: Context): Promise<void> => {
  const cloud = await findCloud(context)
  const session = await callApi(cloud, tenantRoutes.showSession, { params: {}, signal: context.signal })
  print(
    context,
    session,
    () => `${sessionText(session)}${session.kind === 'tenant' ? ` as ${session.role}` : ''} at ${cloud.url}`,
  )
}
