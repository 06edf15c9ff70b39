import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { gitEnvironment } from './repositories-on-disk.ts'

export interface BackendRequest {
  folder: string
  /** `/info/refs`, `/git-upload-pack`, `/git-receive-pack` */
  path: string
  method: string
  query: string
  contentType: string | undefined
  contentEncoding: string | undefined
  /** Git's own header: which version of the protocol the client speaks. */
  protocol: string | undefined
  user: string
  mayPush: boolean
  maxPushBytes: number
  body: Readable
  signal: AbortSignal
}

export interface BackendAnswer {
  status: number
  headers: Record<string, string>
  body: AsyncIterable<Buffer>
}

const HEADER_END = Buffer.from('\r\n\r\n')
const MAX_HEADER_BYTES = 16_384

/**
 * `git http-backend`, which is a CGI program: the request in its environment and standard input, headers and body from
 * its standard output. Source: git-http-backend(1), RFC 3875.
 */
export const callHttpBackend = async (request: BackendRequest): Promise<BackendAnswer> => {
  const child = spawn('git', [...configuration(request), 'http-backend'], {
    env: { ...gitEnvironment(), ...cgiVariables(request) },
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: request.signal,
  })
  // An abort or a failed start shows at the read below.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  request.body.pipe(child.stdin)

  const chunks: AsyncIterator<Buffer> = child.stdout[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let end = -1
  while (end < 0) {
    const next = await chunks.next()
    if (next.done) throw new Error('git http-backend ended without an answer')
    head = Buffer.concat([head, next.value])
    end = head.indexOf(HEADER_END)
    if (end < 0 && head.length > MAX_HEADER_BYTES) throw new Error('git http-backend answered with endless headers')
  }
  const { status, headers } = parseHeaders(head.subarray(0, end).toString('latin1'))
  return { status, headers, body: rest(head.subarray(end + HEADER_END.length), chunks) }
}

const configuration = (request: BackendRequest): string[] =>
  Object.entries({
    'http.receivepack': String(request.mayPush),
    'receive.fsckObjects': 'true',
    'receive.maxInputSize': String(request.maxPushBytes),
    'receive.denyDeleteCurrent': 'ignore',
    'receive.autogc': 'false',
    'transfer.hideRefs': 'refs/pushfn',
    'uploadpack.allowFilter': 'false',
    'core.hooksPath': '/dev/null',
    'safe.directory': '*',
  }).flatMap(([key, value]) => ['-c', `${key}=${value}`])

const cgiVariables = (request: BackendRequest): Record<string, string> => ({
  GIT_PROJECT_ROOT: request.folder,
  GIT_HTTP_EXPORT_ALL: '1',
  PATH_INFO: request.path,
  REQUEST_METHOD: request.method,
  QUERY_STRING: request.query,
  REMOTE_USER: request.user,
  REMOTE_ADDR: '127.0.0.1',
  ...(request.contentType && { CONTENT_TYPE: request.contentType }),
  ...(request.contentEncoding && { HTTP_CONTENT_ENCODING: request.contentEncoding }),
  ...(request.protocol && { GIT_PROTOCOL: request.protocol }),
})

const parseHeaders = (text: string): Pick<BackendAnswer, 'status' | 'headers'> => {
  const headers: Record<string, string> = {}
  let status = 200
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return { status, headers }
}

async function* rest(first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
}
