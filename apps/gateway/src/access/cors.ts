import type { IncomingHttpHeaders } from 'node:http'
import type { CorsPolicy } from '@pushfn/model/access-policy'
import { type Problem, problems } from '../problem.ts'

/** The CORS protocol (Fetch standard §3.3) for functions whose policy names origins. */

/** Whether a browser asks if it may send a request, which no function is bothered with. */
export const isPreflight = (method: string | undefined, headers: IncomingHttpHeaders): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined

/** The answer to a preflight request as flat headers, or why the page may not. */
export const preflightAnswer = (policy: CorsPolicy, headers: IncomingHttpHeaders): string[] | Problem => {
  const origin = headers.origin ?? ''
  const method = headers['access-control-request-method'] ?? ''
  const asked = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  if (!isIn(policy.origins, origin))
    return problems.crossOrigin(`Pages of ${shown(origin)} may not call this function.`)
  if (!isIn(policy.methods, method) || !TOKEN.test(method)) {
    return problems.crossOrigin(`Pages may not call this function by ${shown(method)}.`)
  }
  const refused = asked.find((name) => !isIn(policy.headers, name) || !TOKEN.test(name))
  if (refused !== undefined) {
    return problems.crossOrigin(`Pages may not send the header ${shown(refused)} to this function.`)
  }
  // What was asked for is echoed where all is allowed: “*” does not mean Authorization to browsers.
  const answer = ['access-control-allow-methods', policy.methods.includes('*') ? method : policy.methods.join(', ')]
  if (asked.length > 0) answer.push('access-control-allow-headers', asked.join(', '))
  answer.push('access-control-max-age', String(policy.maxAgeSeconds))
  answer.push('vary', 'Access-Control-Request-Method, Access-Control-Request-Headers')
  return answer
}

/** Says on an answer whether the page may read it. */
export const sayOrigin = (policy: CorsPolicy, origin: string | undefined, answer: string[]): void => {
  const isForAll = policy.origins.includes('*')
  if (!isForAll) answer.push('vary', 'Origin')
  if (origin === undefined || !isIn(policy.origins, origin)) return
  answer.push('access-control-allow-origin', isForAll ? '*' : origin)
  if (policy.areCredentialsAllowed) answer.push('access-control-allow-credentials', 'true')
  if (policy.exposedHeaders.length > 0) answer.push('access-control-expose-headers', policy.exposedHeaders.join(', '))
}

/** Takes out what the function said itself: two such headers on one answer are refused by browsers. */
export const withoutOwnCors = (answer: string[]): void => {
  for (let i = answer.length - 2; i >= 0; i -= 2) {
    if (answer[i]?.toLowerCase().startsWith('access-control-')) answer.splice(i, 2)
  }
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]{1,100}$/

const isIn = (list: readonly string[], item: string): boolean => list.includes('*') || list.includes(item)

const shown = (text: string): string => JSON.stringify(text.slice(0, 100))
