import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Peer } from './peer.ts'
import { beginTrace, isTraceparent } from './trace.ts'

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

/** `host`, `content-length` and `trailer` are set anew, `expect` is answered here. */
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
export const namedByConnection = (connection: string | undefined): Set<string> | undefined => {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(connection.toLowerCase().split(/[\s,]+/))
}

export interface CallHeaders {
  peer: Peer
  callId: string
  /** Nanoseconds since 1970, as OpenFaaS gives it. */
  startTime: string
  hasBody: boolean
  /** Whether Authorization was for the gateway: the function must not see it. */
  isTokenOurs: boolean
}

/**
 * The request's header lines for the function, without those that say how to go on with the connection. Undefined when
 * Host is not there just once. Nothing is checked for stray line ends: names and values come from Node's strict parser.
 */
export const requestFields = (req: IncomingMessage, call: CallHeaders): string | undefined => {
  const raw = req.rawHeaders
  const named = namedByConnection(req.headers.connection)
  const isTraced = isTraceparent(req.headers.traceparent)
  let lines = ''
  let host: string | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // The loop's bound keeps both inside the array.
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const lower = name.toLowerCase()
    if (lower === 'host') {
      if (host !== undefined) return undefined
      host = value
    } else if (!named?.has(lower) && mayPass(lower, call.peer) && !isOfNoUse(lower, isTraced, call)) {
      lines += `${name}: ${value}\r\n`
    }
  }
  if (host === undefined) return undefined
  const { peer, callId, startTime } = call
  const forwardedHost = (peer.isTrusted && lastOf(req.headers['x-forwarded-host'], FORWARDED_HOST)) || host
  const proto = (peer.isTrusted && lastOf(req.headers['x-forwarded-proto'], FORWARDED_PROTO)) || 'http'
  const trace = isTraced ? '' : `traceparent: ${beginTrace(callId)}\r\n`
  const body = call.hasBody || req.headers['content-length'] !== undefined ? bodyFields(req) : ''
  return `host: ${host}\r\n${lines}${body}X-Forwarded-For: ${chainOf(req.headers['x-forwarded-for'], peer)}\r\nX-Forwarded-Host: ${forwardedHost}\r\nX-Forwarded-Proto: ${proto}\r\nX-Call-Id: ${callId}\r\nX-Start-Time: ${startTime}\r\n${trace}`
}

/** The primary's own calls may speak for the cloud, no caller may. */
const mayPass = (lower: string, peer: Peer): boolean =>
  !isOurs(lower) || (peer.isInternal && lower.startsWith(OUR_PREFIX))

/**
 * The request's headers as a stored call keeps them, names and values in turn: what the function may see, and where the
 * caller was; without what is said anew when the call is sent. Undefined when Host is not there just once.
 */
export const storableHeaders = (req: IncomingMessage, peer: Peer, isTokenOurs: boolean): string[] | undefined => {
  const raw = req.rawHeaders
  const named = namedByConnection(req.headers.connection)
  const headers: string[] = []
  let hosts = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // The loop's bound keeps both inside the array.
    const name = raw[i] as string
    const lower = name.toLowerCase()
    if (lower === 'host') hosts += 1
    const isSpent = FOR_THE_QUEUE.has(lower) || (isTokenOurs && lower === 'authorization')
    if (!isSpent && !isOurs(lower) && !named?.has(lower)) headers.push(name, raw[i + 1] as string)
  }
  if (hosts !== 1) return undefined
  const forwardedHost =
    (peer.isTrusted && lastOf(req.headers['x-forwarded-host'], FORWARDED_HOST)) || (req.headers.host ?? '')
  const proto = (peer.isTrusted && lastOf(req.headers['x-forwarded-proto'], FORWARDED_PROTO)) || 'http'
  headers.push('X-Forwarded-For', chainOf(req.headers['x-forwarded-for'], peer))
  headers.push('X-Forwarded-Host', forwardedHost, 'X-Forwarded-Proto', proto)
  return headers
}

/** What a caller says to the queue and not to the function. */
const FOR_THE_QUEUE = new Set(['x-max-retries', 'x-delay-seconds', 'x-callback-url'])

/** How the body is framed: as the caller framed it. */
const bodyFields = ({ headers }: IncomingMessage): string => {
  if (headers['content-length'] !== undefined) return `content-length: ${headers['content-length']}\r\n`
  const trailer = headers.trailer === undefined ? '' : `trailer: ${headers.trailer}\r\n`
  return `transfer-encoding: chunked\r\n${trailer}`
}

/** What a trailer may not change behind the back of whoever has acted by the head already (RFC 9110 §6.5.1). */
const NEVER_IN_TRAILERS = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'max-forwards',
  'range',
  'set-cookie',
])

/** A request's trailer lines for the function. */
export const requestTrailers = (raw: readonly string[]): string => {
  let lines = ''
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = String(raw[i]).toLowerCase()
    if (!isOurs(lower) && !NEVER_IN_TRAILERS.has(lower)) lines += `${raw[i]}: ${raw[i + 1]}\r\n`
  }
  return lines
}

const chainOf = (before: string | string[] | undefined, peer: Peer): string => {
  if (!peer.isTrusted || before === undefined) return peer.address
  return peer.isInternal ? String(before) : `${before}, ${peer.address}`
}

const FORWARDED_HOST = /^[\w.-]+(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/i
const FORWARDED_PROTO = /^https?$/i

/**
 * What the trusted proxy itself has said: of a list the last, since what stands in front of it may be a caller's. Undefined
 * when it is not of that form.
 */
const lastOf = (value: string | string[] | undefined, form: RegExp): string | undefined => {
  const list = String(value ?? '')
  const last = list.slice(list.lastIndexOf(',') + 1).trim()
  return form.test(last) ? last : undefined
}

/** A token that was for the gateway; what belongs to a trace that cannot go on. */
const isOfNoUse = (name: string, isTraced: boolean, call: CallHeaders): boolean =>
  (call.isTokenOurs && name === 'authorization') || (!isTraced && (name === 'traceparent' || name === 'tracestate'))

/** The function's headers for the caller, both flat, with names in lower case: the form that `writeHead` takes uncopied. */
export const responseHeaders = (from: readonly string[], mayHaveTrailers: boolean): string[] => {
  const named = namedByConnection(valuesOf(from, 'connection'))
  const headers: string[] = []
  for (let i = 0; i + 1 < from.length; i += 2) {
    // The loop's bound keeps both inside the array.
    const name = from[i] as string
    if (NEVER_TO_CALLERS.has(name) && !(name === 'trailer' && mayHaveTrailers)) continue
    if (!named?.has(name)) headers.push(name, from[i + 1] as string)
  }
  return headers
}

/** The values of one field, joined (RFC 9110 §5.3); undefined when it is not there. */
export const valuesOf = (fields: readonly string[], name: string): string | undefined => {
  let values: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) values = values === undefined ? fields[i + 1] : `${values}, ${fields[i + 1]}`
  }
  return values
}

/** An answer's trailers for `addTrailers`. */
export const trailerPairs = (from: readonly string[]): [string, string][] => {
  const flat = responseHeaders(from, false)
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = flat.slice(i, i + 2)
    if (!NEVER_IN_TRAILERS.has(name)) pairs.push([name, value])
  }
  return pairs
}

const CALL_ID = /^[\w.-]{1,64}$/

const START_TIME = /^\d{1,20}$/

/** When the call began, in nanoseconds since 1970: now, or what the gateway's own primary says. */
export const startTimeOf = (headers: IncomingHttpHeaders, peer: Peer): string => {
  const given = peer.isInternal ? headers['x-start-time'] : undefined
  return typeof given === 'string' && START_TIME.test(given) ? given : `${Date.now()}000000`
}

/** The caller's own call id where it can be one. */
export const givenCallId = (headers: IncomingHttpHeaders): string | undefined => {
  const given = headers['x-call-id']
  return typeof given === 'string' && CALL_ID.test(given) ? given : undefined
}
