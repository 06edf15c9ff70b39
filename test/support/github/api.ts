import { createHash, type KeyObject } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Answer, failed, notFound, secondaryLimit, unprocessable } from './answers.ts'
import { authenticate } from './authenticate.ts'
import type { Description } from './description.ts'
import { isObject } from './json-schema.ts'
import type { Limits } from './limits.ts'
import { OPERATIONS } from './operations/operations.ts'
import type { Webhooks } from './webhooks.ts'
import { repositoryNamed, repositoryOnceNamed, type World } from './world.ts'

export interface Api {
  world: World
  description: Description
  appKey: KeyObject
  limits: Limits
  webhooks: Webhooks
  url: string
}

/** The path under which the API stands, as on a GitHub Enterprise Server. */
export const API_PATH = '/api/v3'

/** A request to the API and the operation it means. */
export interface ApiCall {
  operation: NonNullable<ReturnType<Description['find']>>['operation'] | undefined
  path: Record<string, string>
  url: URL
}

export const apiCallOf = (api: Api, request: IncomingMessage): ApiCall => {
  const url = new URL(request.url ?? '/', api.url)
  const found = api.description.find(request.method ?? 'GET', url.pathname.slice(API_PATH.length))
  return { operation: found?.operation, path: found?.path ?? {}, url }
}

/**
 * Answers an API request: who is it, is the request as GitHub describes it, within the limits; then the operation. What
 * the stand-in itself answers is held against the description as well, so that it cannot drift from the real one.
 */
export const answerApi = async (api: Api, call: ApiCall, request: IncomingMessage): Promise<Answer> => {
  const { operation, path, url } = call
  if (!request.headers['user-agent']) return failed(403, 'Request forbidden by administrative rules: no User-Agent')
  if (!operation) return notFound()
  const identity = authenticate(api.world, api.appKey, request.headers.authorization)
  if (identity.kind === 'refused') return identity.answer

  const redirect = redirectOf(api, call, request.method === 'GET')
  if (redirect) return redirect
  const body = await bodyOf(request)
  if (body instanceof SyntaxError) return failed(400, 'Problems parsing JSON')
  const query: Record<string, unknown> = Object.fromEntries(url.searchParams)
  const coercedPath: Record<string, unknown> = { ...path }
  const faults = api.description.requestFaults(operation, { path: coercedPath, query, body })
  if (faults.length > 0) return unprocessable(faults)

  const handler = OPERATIONS[operation.id]
  if (!handler) return failed(501, `The stand-in does not speak ${operation.id} yet`)
  const installation = identity.kind === 'installation' ? identity.token.installation.id : undefined
  const isWithin = installation === undefined || api.limits.enter(installation, operation.method)
  try {
    if (!isWithin) return secondaryLimit(60)
    const { world, description, webhooks } = api
    const handled = { world, description, webhooks, url: api.url, identity, path: coercedPath, query }
    const answer = await handler({ ...handled, body: isObject(body) ? body : {} })
    return unlessKnown(request, checked(api, operation, answer))
  } finally {
    if (installation !== undefined) api.limits.leave(installation)
  }
}

const checked = (api: Api, operation: NonNullable<ApiCall['operation']>, answer: Answer): Answer => {
  if (answer.status >= 400) return answer
  const faults = api.description.responseFaults(operation, answer.status, answer.body)
  if (faults.length === 0) return answer
  return failed(500, `The stand-in is wrong: ${operation.id}: ${faults.map((fault) => fault.message).join('; ')}`)
}

/** Every answer to a GET has a tag; whoever has it already gets 304 and nothing more. */
const unlessKnown = ({ method, headers }: IncomingMessage, answer: Answer): Answer => {
  if (method !== 'GET' || answer.status !== 200) return answer
  const etag = `W/"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex')}"`
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } }
  return { ...answer, headers: { ...answer.headers, etag } }
}

/** GitHub sends callers of an old name to the new one, until somebody else takes the old one. */
const redirectOf = (api: Api, { path, url }: ApiCall, isRead: boolean): Answer | undefined => {
  const { owner, repo } = path
  if (owner === undefined || repo === undefined || repositoryNamed(api.world, owner, repo)) return undefined
  const moved = repositoryOnceNamed(api.world, owner, repo)
  if (!moved) return undefined
  const rest = url.pathname.slice(API_PATH.length).split('/').slice(4)
  const location = `${api.url}${API_PATH}/${['repos', moved.owner.login, moved.name, ...rest].join('/')}${url.search}`
  const status = isRead ? 301 : 307
  return { status, headers: { location }, body: { message: 'Moved Permanently', url: location } }
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const bytes = await buffer(request)
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    return error instanceof SyntaxError ? error : new SyntaxError()
  }
}
