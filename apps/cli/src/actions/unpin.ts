import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { choicesText } from '../show/choices-text.ts'
import { print } from '../show/print.ts'

export const unpin = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, signal: context.signal }
  const list = await callApi(cloud, functionRoutes.unpinFunction, asked)
  print(context, list, () => choicesText(list, `${name} stays where it is; the next push moves it`))
}
