import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import { revisionNamed } from '../cloud/revision-named.ts'
import type { Context } from '../context.ts'
import { pinnedText } from '../show/choices-text.ts'
import { print } from '../show/print.ts'

export const rollBack = async (context: Context, name: string, { to }: { to?: string | undefined }): Promise<void> => {
  const body = to === undefined ? {} : revisionNamed(to)
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, body, signal: context.signal }
  const list = await callApi(cloud, functionRoutes.rollBackFunction, asked)
  print(context, list, () => pinnedText(list, name))
}
