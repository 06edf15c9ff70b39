import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { pinnedText } from '../show/choices-text.ts'
import { print } from '../show/print.ts'

export const promote = async (context: Context, name: string, what: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const body = /^[0-9a-f-]{36}$/.test(what) ? { revision: what } : { alias: what }
  const asked = { params: { tenant, function: name }, body, signal: context.signal }
  const list = await callApi(cloud, functionRoutes.promote, asked)
  print(context, list, () => pinnedText(list, name))
}
