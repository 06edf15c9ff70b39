import type { BuildView } from '@pushfn/model/api'
import { buildRoutes } from '@pushfn/model/api-routes-builds'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

export const listBuilds = async (
  context: Context,
  { limit, before }: { limit: string; before?: string | undefined },
): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant }, query: { limit, ...(before && { before }) }, signal: context.signal }
  const page = await callApi(cloud, buildRoutes.listBuilds, asked)
  print(context, page, () => {
    if (page.items.length === 0) return `${tenant} has no builds yet`
    const table = columns(['BUILD', 'STATE', 'AGE', 'COMMIT', 'REPOSITORY'], page.items.map(row), { isCut: true })
    return page.next === null ? table : `${table}\nolder ones: pushfn builds --before ${page.next}`
  })
}

const row = (build: BuildView): string[] => [
  build.id,
  build.state,
  ageText(build.createdAt),
  build.sha.slice(0, 8),
  `${build.repository} ${build.message}`,
]
