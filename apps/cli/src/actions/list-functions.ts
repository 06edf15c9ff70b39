import type { FunctionView } from '@pushfn/model/api'
import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

export const listFunctions = async (context: Context): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const list = await callApi(cloud, functionRoutes.listFunctions, { params: { tenant }, signal: context.signal })
  print(context, list, () =>
    list.items.length === 0
      ? `${tenant} has no functions yet: pushfn deploy, in a folder with a stack.yml`
      : columns(['FUNCTION', 'STATE', 'REPLICAS', 'COMMIT', 'AGE', 'URL'], list.items.map(row)),
  )
}

const row = (fn: FunctionView): string[] => [
  fn.name,
  fn.pinnedSince === null ? fn.state : `${fn.state}, pinned`,
  fn.replicas === null ? '?' : String(fn.replicas),
  fn.sha?.slice(0, 8) ?? '',
  ageText(fn.liveSince),
  fn.url,
]
