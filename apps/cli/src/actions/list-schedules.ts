import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { print } from '../show/print.ts'

/** The functions that have a schedule, as the API gives functions. */
export const listSchedules = async (context: Context): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const all = await callApi(cloud, functionRoutes.listFunctions, { params: { tenant }, signal: context.signal })
  const items = all.items.filter(({ schedule }) => schedule !== null)
  print(context, { items }, () => {
    const rows = items.map(({ name, schedule }) => [
      name,
      schedule?.cron ?? '',
      schedule?.timeZone ?? '',
      schedule?.lastRunAt ?? 'never',
      schedule?.lastStatus?.toString() ?? '',
      schedule?.nextRunAt ?? '',
    ])
    if (rows.length === 0) return `${tenant} has no function with a schedule`
    return columns(['FUNCTION', 'CRON', 'TIME ZONE', 'LAST RUN', 'STATUS', 'NEXT RUN'], rows)
  })
}
