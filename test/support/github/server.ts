import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from './answers.ts'
import { failed, primaryLimit, secondaryLimit } from './answers.ts'
import { API_PATH, type Api, answerApi, apiCallOf } from './api.ts'
import type { Fault, Faults } from './faults.ts'
import { type GitCall, gitAccess, gitCallOf, serveGit } from './git-server.ts'
import { answerNewApp, isNewAppPage } from './new-app-page.ts'
import { changesBetween, type RefChange, refsOf } from './refs.ts'
import { type Account, type Installation, installationOf, type Repository } from './world.ts'

/** One request as it came in and was answered. */
export interface Call {
  at: Date
  method: string
  path: string
  /** The operation's id in GitHub's description, `git/fetch` or `git/push`; undefined when there is none such. */
  operation: string | undefined
  /** Undefined while there is no answer. */
  status?: number
}

export interface ServerParts {
  api: Omit<Api, 'url'>
  faults: Faults
  calls: Call[]
  /** The last push to each repository, by its id: it settles when the push is over. */
  pushes: Map<number, Promise<void>>
  /** A push is over. `installation` is the one that there was when it began. */
  onPush: (push: CompletedPush) => void
}

export interface CompletedPush {
  repository: Repository
  pusher: Account
  installation: Installation | undefined
  changes: readonly RefChange[]
}

/** The HTTP server: the API under `/api/v3`, Git under `/<owner>/<name>.git`. Listens on loopback, on a free port. */
export const listen = async (parts: ServerParts): Promise<{ server: Server; url: string }> => {
  let url = ''
  const server = createServer((request, response) => {
    handle(parts, { ...parts.api, url }, request, response).catch((error: unknown) => {
      if (!response.headersSent) reply(response, failed(500, `The stand-in failed: ${String(error)}`))
      else response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  url = `http://127.0.0.1:${address.port}`
  return { server, url }
}

const handle = async (
  parts: ServerParts,
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (isNewAppPage(request)) return answerNewApp(api.world, request, response)
  const gitCall = request.url?.startsWith(`${API_PATH}/`) ? undefined : gitCallOf(request, api.url)
  const apiCall = gitCall ? undefined : apiCallOf(api, request)
  const operation = gitCall ? (gitCall.isPush ? 'git/push' : 'git/fetch') : apiCall?.operation?.id
  const call: Call = { at: new Date(), method: request.method ?? 'GET', path: request.url ?? '/', operation }
  parts.calls.push(call)
  response.once('finish', () => {
    call.status = response.statusCode
  })

  const fault = parts.faults.take(operation ?? '')
  if (fault && (await isEndedBy(fault, request, response))) return
  if (gitCall) return answerGit(parts, api, gitCall, request, response)
  if (!apiCall) return
  const answer = await answerApi(api, apiCall, request)
  if (fault?.kind === 'lost-answer') response.destroy()
  else reply(response, answer)
}

const answerGit = async (
  parts: ServerParts,
  api: Api,
  call: GitCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const access = gitAccess(api.world, call, request.headers.authorization)
  if (access.kind === 'refused') {
    response.writeHead(access.status, { 'content-type': 'text/plain', ...access.headers }).end(access.text)
    return
  }
  const { repository, pusher } = access
  if (call.service !== 'git-receive-pack' || !pusher) return serveGit({ repository, call, pusher }, request, response)

  // Pushes to one repository go one after the other, so that what changed is known to be this push's doing.
  const push = async () => {
    const installation = installationOf(api.world, repository)
    const before = await refsOf(repository.directory)
    await serveGit({ repository, call, pusher }, request, response)
    const changes = changesBetween(before, await refsOf(repository.directory))
    if (changes.length > 0) parts.onPush({ repository, pusher, installation, changes })
  }
  const pushed = (parts.pushes.get(repository.id) ?? Promise.resolve()).then(push)
  parts.pushes.set(
    repository.id,
    pushed.catch(() => undefined),
  )
  await pushed
}

/** Does what the fault says; true when the request has got all that it will get. */
const isEndedBy = async (fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
  switch (fault.kind) {
    case 'slow':
      await delay(fault.ms)
      return false
    case 'lost-answer':
      return false
    case 'hang':
      request.resume()
      return true
    case 'reset':
      response.destroy()
      return true
    case 'stall':
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.write('{"id":')
      return true
    default:
      request.resume()
      reply(response, faultAnswer(fault))
      return true
  }
}

const faultAnswer = (fault: Extract<Fault, { kind: `${string}-limit` | 'too-many' | 'status' }>): Answer => {
  switch (fault.kind) {
    case 'primary-limit':
      return primaryLimit(fault.resetInSeconds)
    case 'secondary-limit':
      return secondaryLimit(fault.retryAfterSeconds)
    case 'too-many':
      return failed(429, 'Too many requests', { 'retry-after': String(fault.retryAfterSeconds) })
    case 'status':
      return failed(fault.status, `A fault of the test: ${fault.status}`)
  }
}

const reply = (response: ServerResponse, { status, body, headers }: Answer): void => {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': Math.random().toString(16).slice(2, 10).toUpperCase(),
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4999',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 3600),
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
