import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Peer } from './peer.ts'

/**
 * What of a message's headers goes on. Hop-by-hop fields stay behind in both directions: the list of RFC 9110 §7.6.1,
 * what older proxies added to it, and every field that Connection names. Fields by which the cloud speaks to functions
 * are the gateway's alone, so that no caller can forge them.
 */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

const OURS_TO_SAY = [
  'forwarded',
  'x-call-id',
  'x-duration-seconds',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
  'x-start-time',
]
const OUR_PREFIX = 'x-pushfn-'

/** `host` is set anew, `content-length` goes with a body only, `expect` is answered here, trailers are not passed on. */
const NEVER_TO_FUNCTIONS = new Set([...HOP_BY_HOP, ...OURS_TO_SAY, 'content-length', 'expect', 'host', 'trailer'])
const NEVER_TO_CALLERS = new Set([...HOP_BY_HOP, 'trailer', 'x-call-id', 'x-duration-seconds', 'x-start-time'])

/**
 * `x_forwarded_for` becomes the same CGI variable as `X-Forwarded-For` (HTTP_X_FORWARDED_FOR), which functions behind
 * `fprocess` and WSGI read: an underscore must not get round the list.
 */
const isOurs = (name: string): boolean => {
  const dashed = name.includes('_') ? name.replaceAll('_', '-') : name
  return NEVER_TO_FUNCTIONS.has(dashed) || dashed.startsWith(OUR_PREFIX)
}

/** The fields that a Connection header names, or undefined when it names none beyond the two usual words. */
export const namedByConnection = (connection: string | string[] | undefined): Set<string> | undefined => {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(
    String(connection)
      .toLowerCase()
      .split(/[\s,]+/),
  )
}

export interface CallHeaders {
  peer: Peer
  callId: string
  /** Nanoseconds since 1970, as OpenFaaS gives it. */
  startTime: string
  contentLength: string | undefined
}

/** The request's headers for the function: a flat list of names and values. Undefined when Host is not there just once. */
export const requestHeaders = (req: IncomingMessage, call: CallHeaders): string[] | undefined => {
  const raw = req.rawHeaders
  const named = namedByConnection(req.headers.connection)
  const headers: string[] = []
  let host: string | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // The loop's bound keeps both inside the array.
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const lower = name.toLowerCase()
    if (lower === 'host') {
      if (host !== undefined) return undefined
      host = value
    } else if (!isOurs(lower) && !named?.has(lower)) {
      headers.push(name, value)
    }
  }
  if (host === undefined) return undefined
  if (call.contentLength !== undefined) headers.push('content-length', call.contentLength)
  const { peer } = call
  headers.push(
    'host',
    host,
    'X-Forwarded-For',
    chainOf(req.headers['x-forwarded-for'], peer),
    'X-Forwarded-Host',
    (peer.isTrusted && firstOf(req.headers['x-forwarded-host'])) || host,
    'X-Forwarded-Proto',
    (peer.isTrusted && firstOf(req.headers['x-forwarded-proto'])) || 'http',
    'X-Call-Id',
    call.callId,
    'X-Start-Time',
    call.startTime,
  )
  return headers
}

const chainOf = (before: string | string[] | undefined, peer: Peer): string =>
  peer.isTrusted && before !== undefined ? `${before}, ${peer.address}` : peer.address

const firstOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** The function's headers for the caller, in the flat form that `writeHead` takes without copying. */
export const responseHeaders = (from: IncomingHttpHeaders, mayHaveTrailers: boolean): string[] => {
  const named = namedByConnection(from.connection)
  const headers: string[] = []
  for (const name in from) {
    const isHeld = NEVER_TO_CALLERS.has(name) && !(name === 'trailer' && mayHaveTrailers)
    const value = from[name]
    if (isHeld || value === undefined || named?.has(name)) continue
    if (typeof value === 'string') headers.push(name, value)
    else for (const one of value) headers.push(name, one)
  }
  return headers
}

/** An answer's trailers for `addTrailers`, or undefined when there are none, as nearly always. */
export const trailerFields = (from: IncomingHttpHeaders): [string, string][] | undefined => {
  const names = Object.keys(from)
  if (names.length === 0) return undefined
  const flat = responseHeaders(from, false)
  const fields: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) fields.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return fields
}

const CALL_ID = /^[\w.-]{1,64}$/

/** The caller's own call id where it can be one. */
export const givenCallId = (headers: IncomingHttpHeaders): string | undefined => {
  const given = headers['x-call-id']
  return typeof given === 'string' && CALL_ID.test(given) ? given : undefined
}
