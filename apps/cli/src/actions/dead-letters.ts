import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

export const listDeadLetters = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, signal: context.signal }
  const list = await callApi(cloud, functionRoutes.listDeadLetters, asked)
  print(context, list, () => {
    if (list.items.length === 0) return `${name} has no dead letters`
    const rows = list.items.map((letter) => [
      letter.id,
      `${letter.method} ${letter.path}`,
      String(letter.tries),
      ageText(letter.diedAt),
      letter.problem,
    ])
    return columns(['CALL', 'REQUEST', 'TRIES', 'AGE', 'PROBLEM'], rows, { isCut: true })
  })
}

export const replayDeadLetter = async (context: Context, name: string, id: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name, id }, signal: context.signal }
  const call = await callApi(cloud, functionRoutes.replayDeadLetter, asked)
  print(context, call, () => `${call.id} is run again`)
}

export const removeDeadLetter = async (context: Context, name: string, id: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name, id }, signal: context.signal }
  await callApi(cloud, functionRoutes.removeDeadLetter, asked)
  print(context, { id }, () => `${id} is removed`)
}
