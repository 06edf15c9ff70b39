import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tokenIdentity } from './authenticate.ts'
import { gitEnvironment } from './refs.ts'
import { type Account, opens, type Repository, repositoryNamed, repositoryOnceNamed, type World } from './world.ts'

/** A request of Git's smart HTTP (https://git-scm.com/docs/http-protocol). */
export interface GitCall {
  owner: string
  name: string
  /** `info/refs`, `git-upload-pack`, `git-receive-pack` */
  service: string
  isPush: boolean
  url: URL
}

export const gitCallOf = (request: IncomingMessage, base: string): GitCall | undefined => {
  const url = new URL(request.url ?? '/', base)
  const match = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname)
  const [, owner, name, service] = match ?? []
  if (!owner || !name || !service) return undefined
  const isPush = service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack'
  return { owner: decodeURIComponent(owner), name: decodeURIComponent(name), service, isPush, url }
}

export type GitAccess =
  | { kind: 'open'; repository: Repository; pusher: Account | undefined }
  | { kind: 'refused'; status: number; text: string; headers?: Record<string, string> }

/**
 * Whether a request may go on, as GitHub decides it: wrong credentials are 401 everywhere, a repository that one may not
 * see is 401 without credentials and 404 with, an installation token reads what it was narrowed to, people push to what
 * is theirs.
 */
export const gitAccess = (world: World, call: GitCall, authorization: string | undefined): GitAccess => {
  const caller = callerOf(world, authorization)
  if (caller.kind === 'wrong') return UNAUTHENTICATED
  const repository = repositoryNamed(world, call.owner, call.name)
  if (!repository) return movedOrMissing(world, call, caller)
  if (caller.kind === 'person') {
    const isTheirs = caller.account.id === repository.owner.id
    if (isTheirs || (!repository.isPrivate && !call.isPush)) return { kind: 'open', repository, pusher: caller.account }
    return repository.isPrivate ? MISSING : { kind: 'refused', status: 403, text: 'Permission denied.' }
  }
  if (call.isPush)
    return caller.kind === 'nobody' ? UNAUTHENTICATED : { kind: 'refused', status: 403, text: 'Permission denied.' }
  if (!repository.isPrivate) return { kind: 'open', repository, pusher: undefined }
  if (caller.kind === 'nobody') return UNAUTHENTICATED
  const mayRead = opens(caller.token, repository) && caller.token.permissions.contents !== undefined
  return mayRead ? { kind: 'open', repository, pusher: undefined } : MISSING
}

const movedOrMissing = (world: World, call: GitCall, caller: { kind: string }): GitAccess => {
  const moved = repositoryOnceNamed(world, call.owner, call.name)
  if (!moved) return caller.kind === 'nobody' ? UNAUTHENTICATED : MISSING
  const location = `/${moved.owner.login}/${moved.name}.git/${call.service}${call.url.search}`
  return { kind: 'refused', status: 301, text: '', headers: { location } }
}

const callerOf = (world: World, authorization: string | undefined) => {
  if (!authorization) return { kind: 'nobody' } as const
  const encoded = /^basic (\S+)$/i.exec(authorization)?.[1]
  const [login, ...rest] = Buffer.from(encoded ?? '', 'base64')
    .toString()
    .split(':')
  const password = rest.join(':')
  const token = world.tokens.get(password)
  if (token && tokenIdentity(world, token).kind === 'installation') return { kind: 'token', token } as const
  const account = world.accounts.find((one) => one.login.toLowerCase() === login?.toLowerCase())
  return account && account.password === password
    ? ({ kind: 'person', account } as const)
    : ({ kind: 'wrong' } as const)
}

const UNAUTHENTICATED: GitAccess = {
  kind: 'refused',
  status: 401,
  text: 'Invalid username or token.',
  headers: { 'www-authenticate': 'Basic realm="GitHub"' },
}
const MISSING: GitAccess = { kind: 'refused', status: 404, text: 'Repository not found.' }

/** Serves the request by `git http-backend`; resolves when it is over. */
export const serveGit = async (
  { repository, call, pusher }: { repository: Repository; call: GitCall; pusher: Account | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: repository.directory,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${call.service}`,
      REQUEST_METHOD: request.method,
      QUERY_STRING: call.url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: headerText(request.headers['git-protocol']),
      REMOTE_ADDR: '127.0.0.1',
      // Whoever has a name here may push: http-backend asks for no more.
      REMOTE_USER: pusher?.login,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve, reject) => {
    backend.once('error', reject)
    backend.once('close', () => resolve())
  })
  response.once('close', () => backend.kill())
  // A backend that has answered may close its input before it is all sent.
  backend.stdin.on('error', () => undefined)
  request.pipe(backend.stdin)
  passOn(backend.stdout, response)
  await ended
}

/** Passes a CGI answer on: head lines, an empty line, and then the body as it comes. */
const passOn = (stdout: NodeJS.ReadableStream, response: ServerResponse): void => {
  let head = Buffer.alloc(0)
  const onHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const lines = head.subarray(0, end).toString().split('\r\n')
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
    const status = headers.find(([name]) => name?.toLowerCase() === 'status')?.[1]
    response.writeHead(Number(status?.slice(0, 3) ?? 200), Object.fromEntries(headers))
    response.write(head.subarray(end + 4))
    stdout.off('data', onHead)
    stdout.pipe(response)
  }
  stdout.on('data', onHead)
  stdout.on('end', () => response.end())
}

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value
