import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault, Faults } from '../github/faults.ts'
import { serveGit } from '../github/git-server.ts'
import { changesBetween, type RefChange, refsOf } from '../github/refs.ts'
import type { Answer, Dialect, Operation } from './operation.ts'
import { type Account, type Repository, repositoryNamed, type World } from './world.ts'

/** One request as it came in and was answered. */
export interface Call {
  method: string
  path: string
  /** The operation's id, `git/fetch` or `git/push`; undefined when there is none such. */
  operation: string | undefined
  status?: number
}

export interface ServerParts {
  world: World
  dialect: Dialect
  faults: Faults
  calls: Call[]
  /** The last push to each repository, by its id: it settles when the push is over. */
  pushes: Map<number, Promise<void>>
  onPush: (push: { repository: Repository; pusher: Account; changes: readonly RefChange[] }) => void
}

/** The HTTP server: the API, and Git under `/<owner>/<name>.git`. Listens on loopback, on a free port. */
export const listen = async (parts: ServerParts): Promise<{ server: Server; url: string }> => {
  let url = ''
  const server = createServer((request, response) => {
    handle(parts, url, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else reply(response, parts.dialect.failed(500, `The stand-in failed: ${String(error)}`))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  url = `http://127.0.0.1:${address.port}`
  return { server, url }
}

const handle = async (parts: ServerParts, base: string, request: IncomingMessage, response: ServerResponse) => {
  const { dialect, faults, calls } = parts
  const url = new URL(request.url ?? '/', base)
  const found = url.pathname.startsWith(`${dialect.apiPath}/`)
    ? operationOf(dialect, request.method ?? 'GET', url.pathname.slice(dialect.apiPath.length))
    : undefined
  const gitCall = found ? undefined : gitCallOf(url)
  const operation = found?.operation.id ?? (gitCall && (gitCall.isPush ? 'git/push' : 'git/fetch'))
  const call: Call = { method: request.method ?? 'GET', path: request.url ?? '/', operation }
  calls.push(call)
  response.once('finish', () => {
    call.status = response.statusCode
  })

  const fault = faults.take(operation ?? '')
  if (fault && (await isEndedBy(dialect, fault, request, response))) return
  if (gitCall) return answerGit(parts, gitCall, request, response)
  const answer = await answerApi(parts, base, url, found, request)
  if (fault?.kind === 'lost-answer') response.destroy()
  else reply(response, answer)
}

const operationOf = (dialect: Dialect, method: string, path: string) => {
  for (const operation of dialect.operations) {
    const match = operation.method === method ? operation.path.exec(path) : null
    if (match) return { operation, groups: match.groups ?? {} }
  }
  return undefined
}

/** Who is it, is the request as the documentation has it, and then the operation. */
const answerApi = async (
  { world, dialect }: ServerParts,
  base: string,
  url: URL,
  found: { operation: Operation; groups: Record<string, string> } | undefined,
  request: IncomingMessage,
): Promise<Answer> => {
  const bytes = await buffer(request)
  if (dialect.tokenOf(request.headers) !== world.cloud.token) return dialect.failed(401, '401 Unauthorized')
  if (!found) return dialect.failed(501, `The stand-in does not speak ${request.method} ${url.pathname}`)
  const { operation, groups } = found
  const query = operation.query.safeParse(Object.fromEntries(url.searchParams))
  if (!query.success) return dialect.failed(400, query.error.message)
  const isJson = request.headers['content-type']?.startsWith('application/json') ?? false
  if (bytes.length > 0 && !isJson) return dialect.failed(415, 'The body is not JSON')
  const body = operation.body.safeParse(bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined)
  if (!body.success) return dialect.failed(400, body.error.message)
  const path = Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]))
  return operation.handle({
    world,
    url: base,
    path,
    // The schemas of an operation parse to objects, or to nothing.
    query: (query.data ?? {}) as Record<string, unknown>,
    body: (body.data ?? {}) as Record<string, unknown>,
  })
}

interface GitCall {
  /** `acme/web/shop` */
  name: string
  owner: string
  service: string
  isPush: boolean
  url: URL
}

const gitCallOf = (url: URL): GitCall | undefined => {
  const [, name, service] =
    /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname) ?? []
  if (!name || !service) return undefined
  const isPush = service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack'
  return { name: decodeURIComponent(name), owner: '', service, isPush, url }
}

/** Wrong credentials are 401 everywhere; a repository one may not see is 401 without credentials and 404 with. */
const answerGit = async (parts: ServerParts, call: GitCall, request: IncomingMessage, response: ServerResponse) => {
  const { world } = parts
  const caller = callerOf(world, request.headers.authorization)
  const repository = repositoryNamed(world, call.name)
  const refuse = (status: number) => {
    request.resume()
    response.writeHead(status, { 'www-authenticate': 'Basic realm="stand-in"' }).end()
  }
  if (caller === 'wrong') return refuse(401)
  const isTheirs = caller !== undefined && repository?.owner === caller
  const isCloud = caller?.id === world.cloud.id
  const maySee = repository && (!repository.isPrivate || isTheirs || (isCloud && repository.isOpenToCloud))
  if (!repository || !maySee) return refuse(caller ? 404 : 401)
  if (call.isPush && !isTheirs) return refuse(caller ? 403 : 401)
  if (call.service !== 'git-receive-pack' || !caller) {
    return serveGit({ repository: asServed(repository), call, pusher: caller && asPusher(caller) }, request, response)
  }
  // Pushes to one repository go one after the other, so that what changed is known to be this push's doing.
  const push = async () => {
    const before = await refsOf(repository.directory)
    await serveGit({ repository: asServed(repository), call, pusher: asPusher(caller) }, request, response)
    const changes = changesBetween(before, await refsOf(repository.directory))
    if (changes.length > 0) parts.onPush({ repository, pusher: caller, changes })
  }
  const pushed = (parts.pushes.get(repository.id) ?? Promise.resolve()).then(push)
  parts.pushes.set(
    repository.id,
    pushed.catch(() => undefined),
  )
  await pushed
}

const callerOf = (world: World, authorization: string | undefined): Account | 'wrong' | undefined => {
  if (!authorization) return undefined
  const encoded = /^basic (\S+)$/i.exec(authorization)?.[1] ?? ''
  const [login, ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
  const password = rest.join(':')
  // To a token the name before it does not matter.
  if (password === world.cloud.token) return world.cloud
  return world.accounts.find((one) => personOf(one) === login && one.password === password) ?? 'wrong'
}

/** A namespace pushes as a person of its own; a person's name has no slash. */
export const personOf = (account: Account): string => account.login.replaceAll('/', '-')

type Served = Parameters<typeof serveGit>[0]
// Of a repository, `serveGit` looks at its folder alone; of a pusher, at the name.
const asServed = (repository: Repository) => ({ directory: repository.directory }) as Served['repository']
const asPusher = (account: Account) => ({ login: personOf(account) }) as NonNullable<Served['pusher']>

/** Does what the fault says; true when the request has got all that it will get. */
const isEndedBy = async (dialect: Dialect, fault: Fault, request: IncomingMessage, response: ServerResponse) => {
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
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"id":')
      return true
    case 'status':
      request.resume()
      reply(response, dialect.failed(fault.status, `A fault of the test: ${fault.status}`))
      return true
    case 'too-many':
      request.resume()
      reply(response, {
        ...dialect.failed(429, 'Retry later'),
        headers: { 'retry-after': String(fault.retryAfterSeconds) },
      })
      return true
    default:
      throw new Error(`${dialect.name} has no ${fault.kind}`)
  }
}

const reply = (response: ServerResponse, { status, body, headers }: Answer): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
