import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

export const listRevisions = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const params = { tenant, function: name }
  const list = await callApi(cloud, functionRoutes.listRevisions, { params, signal: context.signal })
  print(context, list, () => {
    const rows = list.items.map((revision) => [
      revision.id,
      revision.state,
      revision.sha.slice(0, 8),
      ageText(revision.createdAt),
      revision.failure ?? revision.changed?.join(', ') ?? '',
    ])
    const table = columns(['REVISION', 'STATE', 'COMMIT', 'AGE', 'CHANGED'], rows, { isCut: true })
    return list.pinnedAt === null ? table : `${table}\n${name} is pinned since ${list.pinnedAt}: pushfn unpin ${name}`
  })
}
