import type { IncomingHttpHeaders } from 'node:http'

/**
 * What the gateway itself answers when a function cannot: which function, why, and what to do. RFC 9457's
 * `application/problem+json`, or one line of text for a person at a terminal.
 */
export interface Problem {
  status: number
  title: string
  detail: string
  /** What the caller or the function's owner can do about it. */
  hint?: string
  /** `<function>.<tenant>`; only of functions that the caller has named right. */
  function?: string
  retryAfterSeconds?: number
  /** The connection is not to be used further. */
  closes?: boolean
  /** The methods there are, where one was not among them. */
  allow?: string
  /** Further headers of the answer, flat; no part of its body. */
  headers?: readonly string[]
}

/** Whose limit a caller has met. */
interface LimitOwner {
  whose: 'function' | 'tenant'
  function: string
}

const whoseLimit = ({ whose }: LimitOwner): string =>
  whose === 'function' ? 'This function takes' : 'All functions of this tenant together take'

export const problems = {
  badRequest: (detail: string): Problem => ({ status: 400, title: 'Bad request', detail, closes: true }),
  noSuchHost: (): Problem => ({
    status: 404,
    title: 'No such host',
    detail: 'Nothing is served under this host name.',
  }),
  noSuchFunction: (name: string): Problem => ({
    status: 404,
    title: 'No such function',
    detail: name === '' ? 'The path names no function.' : `There is no function ${JSON.stringify(name)} on this host.`,
    hint: 'The URL is <host>/<function>; a function is there once its first deploy is live.',
  }),
  methodNotAllowed: (method: string): Problem => ({
    status: 405,
    title: 'Method not allowed',
    detail: `${method} is not served here.`,
    closes: true,
  }),
  expectationFailed: (): Problem => ({
    status: 417,
    title: 'Expectation failed',
    detail: 'The only expectation that is met here is “100-continue”.',
  }),
  bodyTooLarge: (name: string, maxBytes: number): Problem => ({
    status: 413,
    title: 'Body too large',
    detail: `A request to this function may have ${maxBytes} bytes.`,
    function: name,
  }),
  tooManyHeaders: (most: number): Problem => ({
    status: 431,
    title: 'Too many headers',
    detail: `A request may have ${most} header fields.`,
    closes: true,
  }),
  bodyStalled: (name: string, limitMs: number): Problem => ({
    status: 408,
    title: 'Request timed out',
    detail: `Nothing of the request’s body came for ${limitMs / 1000} s.`,
    function: name,
    closes: true,
  }),
  malformed: (name: string): Problem => ({
    status: 502,
    title: 'Function failed',
    detail: 'What the function answered is no valid HTTP/1.1.',
    hint: 'Its HTTP server is broken, or something else listens on its port.',
    function: name,
  }),
  headersTooLarge: (name: string, maxBytes: number): Problem => ({
    status: 431,
    title: 'Headers too large',
    detail: `The headers of a request to this function may have ${maxBytes} bytes together.`,
    function: name,
  }),
  crossOrigin: (detail: string): Problem => ({
    status: 403,
    title: 'Refused to this page',
    detail,
    hint: 'The function’s annotations “pushfn.cloud/cors-…” name what pages of other origins may do.',
  }),
  noToken: (name: string): Problem => ({
    status: 401,
    title: 'Token wanted',
    detail: 'This function is private.',
    hint: 'Send an API token of its tenant: “Authorization: Bearer …”.',
    function: name,
    headers: ['www-authenticate', 'Bearer realm="pushfn"'],
  }),
  wrongToken: (name: string): Problem => ({
    status: 401,
    title: 'Token not valid',
    detail: 'This function is private, and the token is none, or has expired or been revoked.',
    hint: 'Send an API token of its tenant that is valid.',
    function: name,
    headers: ['www-authenticate', 'Bearer realm="pushfn", error="invalid_token"'],
  }),
  foreignToken: (name: string): Problem => ({
    status: 403,
    title: 'Not your function',
    detail: 'This function is private, and the token is of another tenant.',
    hint: 'Send an API token of the tenant whose function it is.',
    function: name,
    headers: ['www-authenticate', 'Bearer realm="pushfn", error="insufficient_scope"'],
  }),
  tokenUnchecked: (name: string): Problem => ({
    status: 503,
    title: 'Token cannot be checked',
    detail: 'This function is private, and at the moment nobody can tell whether the token is valid.',
    hint: 'Try again in a moment.',
    function: name,
    retryAfterSeconds: 1,
  }),
  tooManyRequests: (scope: LimitOwner, rate: { perSecond: number; burst: number }, waitMs: number): Problem => ({
    status: 429,
    title: 'Too many requests',
    detail: `${whoseLimit(scope)} ${rate.perSecond} requests a second, and ${rate.burst} at once after a quiet time.`,
    hint: 'Ask more slowly; “Retry-After” says when there is room again.',
    function: scope.function,
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  }),
  tooManyAtOnce: (scope: LimitOwner, limit: number): Problem => ({
    status: 429,
    title: 'Too many requests at once',
    detail: `${whoseLimit(scope)} ${limit} requests at a time, and so many are under way.`,
    hint: 'Try again when one of them has ended.',
    function: scope.function,
    retryAfterSeconds: 1,
  }),
  crashed: (name: string): Problem => ({
    status: 502,
    title: 'Function failed',
    detail: 'The function closed the connection before it had answered.',
    hint: 'Its log tells why; a crash while serving looks like this.',
    function: name,
  }),
  unreachable: (name: string): Problem => ({
    status: 502,
    title: 'Function unreachable',
    detail: 'No replica of the function accepts connections.',
    hint: 'Try again in a moment; a replica that has crashed is started anew.',
    function: name,
    retryAfterSeconds: 1,
  }),
  asleep: (name: string): Problem => ({
    status: 503,
    title: 'Function not running',
    detail: 'No replica of the function is running at the moment.',
    hint: 'Try again in a moment.',
    function: name,
    retryAfterSeconds: 1,
  }),
  heldTooLong: (name: string, limitMs: number): Problem => ({
    status: 503,
    title: 'Function not awake',
    detail: `The function slept, and no replica of it got ready within ${limitMs / 1000} s.`,
    hint: 'Try again in a moment; its log tells why it does not start.',
    function: name,
    retryAfterSeconds: 2,
  }),
  lineFull: (name: string, most: number): Problem => ({
    status: 503,
    title: 'Function not awake',
    detail: `No replica can take the request now, and ${most} wait for the function already.`,
    hint: 'Try again in a moment.',
    function: name,
    retryAfterSeconds: 1,
  }),
  tooManyHeld: (name: string): Problem => ({
    status: 503,
    title: 'Too many requests wait',
    detail: 'No replica can take the request now, and as many requests wait for functions as this gateway holds.',
    hint: 'Try again in a moment.',
    function: name,
    retryAfterSeconds: 1,
  }),
  busy: (name: string): Problem => ({
    status: 503,
    title: 'Function busy',
    detail: 'All replicas of the function are busy, and enough requests wait already.',
    hint: 'Try again in a moment.',
    function: name,
    retryAfterSeconds: 1,
  }),
  noSuchCall: (name: string): Problem => ({
    status: 404,
    title: 'No such call',
    detail: 'There is no async call of this id, or how it ended is not kept any more.',
    function: name,
  }),
  keyTaken: (name: string): Problem => ({
    status: 422,
    title: 'Idempotency key taken',
    detail: 'The same Idempotency-Key came with another request within the last day.',
    hint: 'Take a new key for every new request; send one again with the same path and body.',
    function: name,
  }),
  queueFull: (name: string): Problem => ({
    status: 429,
    title: 'Queue full',
    detail: 'The tenant’s async calls that wait take all the room there is for them.',
    hint: 'Try again when some of them have been run.',
    function: name,
    retryAfterSeconds: 5,
  }),
  queueAway: (name: string): Problem => ({
    status: 503,
    title: 'Queue unreachable',
    detail: 'Async calls cannot be stored or looked up at the moment.',
    hint: 'Try again in a moment; with the same Idempotency-Key a call is never run twice.',
    function: name,
    retryAfterSeconds: 1,
  }),
  timedOut: (name: string, limitMs: number): Problem => ({
    status: 504,
    title: 'Function timed out',
    detail: `The function did not begin to answer within ${limitMs / 1000} s.`,
    hint: 'Let it answer sooner, or raise its time-out in stack.yml.',
    function: name,
  }),
} as const

const TERMINALS = /^(?:curl|wget|httpie)\//i

const isTerminal = (headers: IncomingHttpHeaders): boolean => {
  const accept = headers.accept ?? '*/*'
  return TERMINALS.test(headers['user-agent'] ?? '') && !/json|html/i.test(accept)
}

/** The problem as a message for this caller: flat headers and body. */
export const renderProblem = (
  problem: Problem,
  to: IncomingHttpHeaders,
  callId: string | undefined,
): { headers: string[]; body: string } => {
  const { retryAfterSeconds, closes, allow, headers: further, ...told } = problem
  const name = problem.function ? `${problem.function}: ` : ''
  const hint = problem.hint ? ` ${problem.hint}` : ''
  const body = isTerminal(to)
    ? `${problem.status} ${problem.title}: ${name}${problem.detail}${hint}\n`
    : `${JSON.stringify({ type: 'about:blank', ...told, ...(callId && { callId }) })}\n`
  const headers = [
    'content-type',
    isTerminal(to) ? 'text/plain; charset=utf-8' : 'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ]
  if (further) headers.push(...further)
  if (closes) headers.push('connection', 'close')
  if (callId) headers.push('x-call-id', callId)
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds))
  if (problem.status === 405) headers.push('allow', allow ?? 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  return { headers, body }
}
