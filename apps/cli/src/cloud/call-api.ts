import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Problem } from '@pushfn/model/api'
import type { ApiRoute } from '@pushfn/model/api-route'
import type { z } from 'zod'
import { Failure } from '../failure.ts'
import type { Cloud } from './cloud.ts'
import { send } from './send.ts'

/** A rollback is answered when it is live, or after a minute. */
const LIMIT_MS = 90_000

/** Names in a route's path. */
type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

export interface Asked<Route extends ApiRoute> {
  /** What stands in the path. */
  params: Record<Names<Route['path']>, string>
  query?: Route extends { query: infer Query extends z.ZodType } ? z.input<Query> : never
  body?: Route extends { body: infer Body extends z.ZodType } ? z.input<Body> : never
  headers?: Record<string, string>
  signal: AbortSignal
}

type AnswerOf<Route extends ApiRoute> = SchemaOf<Route['answers'][keyof Route['answers']]>
type SchemaOf<Answer> = Answer extends { schema: infer Schema extends z.ZodType } ? z.infer<Schema> : undefined

/**
 * Asks the API by one of its routes, and gives what it answers, by the route's own schema. Throws Failure: `away` when it
 * cannot be reached or knows no such token, `refused` with its own words for all else.
 */
export const callApi = async <Route extends ApiRoute>(
  cloud: Cloud,
  route: Route,
  asked: Asked<Route>,
): Promise<AnswerOf<Route>> => {
  const { signal } = asked
  const limit = AbortSignal.timeout(LIMIT_MS)
  try {
    const answer = await openApi(cloud, route, { ...asked, signal: AbortSignal.any([signal, limit]) })
    const schema = route.answers[answer.statusCode ?? 0]?.schema
    const body = await text(answer)
    // The route's answers have this schema under this status.
    return (schema ? parseAnswer(schema, body, cloud) : undefined) as AnswerOf<Route>
  } catch (thrown) {
    if (!limit.aborted || signal.aborted) throw thrown
    throw new Failure('away', `${cloud.url} did not answer in ${LIMIT_MS / 1_000} s`, { cause: thrown })
  }
}

/** The same with the answer as it comes, for streams and files. */
export const openApi = async <Route extends ApiRoute>(
  cloud: Cloud,
  route: Route,
  { params, query, body, headers, signal }: Asked<Route>,
): Promise<IncomingMessage> => {
  const url = new URL(`${cloud.url}/api/v1${pathOf(route.path, params)}`)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const answer = await send(url.href, {
    method: route.method,
    headers: {
      authorization: `Bearer ${cloud.token}`,
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal,
  })
  const status = answer.statusCode ?? 0
  if (status in route.answers) return answer
  throw refusal(cloud, status, await text(answer))
}

const pathOf = (path: string, params: Readonly<Record<string, string>>): string =>
  path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = params[name] ?? ''
    // As a path's segment it would mean another route.
    if (/^\.{0,2}$/.test(value)) throw new Failure('usage', `“${value}” is no ${name}`)
    return encodeURIComponent(value)
  })

const refusal = (cloud: Cloud, status: number, body: string): Failure => {
  const problem = Problem.safeParse(jsonFrom(body))
  if (status === 401) {
    return new Failure('away', `${cloud.url} does not know this token: it is revoked, has expired or was never one`, {
      status,
      title: 'UNAUTHENTICATED',
      hint: `sign in: pushfn login ${cloud.url}`,
    })
  }
  if (problem.success) return new Failure('refused', problem.data.detail, { status, title: problem.data.title })
  return new Failure(status >= 500 ? 'away' : 'refused', `${cloud.url} answered ${status}, and not as a cloud does`, {
    status,
    hint: 'is it the address of a console?',
  })
}

const parseAnswer = (schema: z.ZodType, body: string, cloud: Cloud): unknown => {
  const parsed = schema.safeParse(jsonFrom(body))
  if (parsed.success) return parsed.data
  throw new Failure('refused', `${cloud.url} gave an answer that this pushfn does not understand`, {
    cause: parsed.error,
    hint: 'the cloud and pushfn are of different versions: pushfn doctor tells them',
  })
}

const jsonFrom = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
