import type { CanaryView } from '@pushfn/model/api-canaries'
import { functionRoutes } from '@pushfn/model/api-routes-functions'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import { revisionNamed } from '../cloud/revision-named.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { choicesText } from '../show/choices-text.ts'
import { print } from '../show/print.ts'

export const startCanary = async (
  context: Context,
  wish: { name: string; what: string; weight?: string | undefined; steps?: string | undefined },
): Promise<void> => {
  if ((wish.weight === undefined) === (wish.steps === undefined)) {
    throw new Failure('usage', 'say --weight, or --steps')
  }
  const part =
    wish.weight === undefined ? { steps: stepsFrom(wish.steps ?? '') } : { weight: numberFrom(wish.weight, 'a weight') }
  const body = { ...revisionNamed(wish.what), ...part }
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: wish.name }, body, signal: context.signal }
  const view = await callApi(cloud, functionRoutes.startCanary, asked)
  print(context, view, () => canaryText(view))
}

export const showCanary = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, signal: context.signal }
  const view = await callApi(cloud, functionRoutes.showCanary, asked)
  print(context, view, () => canaryText(view))
}

export const weighCanary = async (context: Context, name: string, percent: string): Promise<void> => {
  const body = { weight: numberFrom(percent, 'a weight') }
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, body, signal: context.signal }
  const view = await callApi(cloud, functionRoutes.changeCanary, asked)
  print(context, view, () => canaryText(view))
}

export const promoteCanary = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, signal: context.signal }
  const list = await callApi(cloud, functionRoutes.promoteCanary, asked)
  print(context, list, () => choicesText(list, `${name} stays where it is`))
}

export const takeBackCanary = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const asked = { params: { tenant, function: name }, signal: context.signal }
  const view = await callApi(cloud, functionRoutes.takeBackCanary, asked)
  print(context, view, () => canaryText(view))
}

const canaryText = (view: CanaryView): string => {
  const sides = view.seen && [['live', view.seen.live] as const, ['canary', view.seen.canary] as const]
  return [
    `${view.function} at ${view.sha.slice(0, 8)}: ${view.state}, ${view.weight} % of the calls`,
    ...(view.reason === null ? [] : [view.reason]),
    ...(view.steps === null
      ? []
      : [`steps ${view.steps.map(({ weight, minutes }) => `${weight}:${minutes}`).join(',')}`]),
    ...(sides ?? []).map(([name, seen]) => `${name}: ${seen.calls} calls, ${seen.errors} errors, p95 ${seen.p95Ms} ms`),
    ...(view.seen ? [`verdict: ${view.seen.verdict}${view.seen.why ? `, ${view.seen.why}` : ''}`] : []),
    ...(view.url === null ? [] : [view.url]),
  ].join('\n')
}

const stepsFrom = (text: string): { weight: number; minutes: number }[] =>
  text.split(',').map((step) => {
    const [, weight, minutes] = /^(\d+):(\d+(?:\.\d+)?)$/.exec(step.trim()) ?? []
    if (!weight || !minutes) throw new Failure('usage', `“${step}” is no step`, { hint: 'it is percent:minutes, 5:10' })
    return { weight: Number(weight), minutes: Number(minutes) }
  })

const numberFrom = (text: string, what: string): number => {
  if (!/^\d+$/.test(text)) throw new Failure('usage', `“${text}” is no number`, { hint: `${what} is a whole number` })
  return Number(text)
}
