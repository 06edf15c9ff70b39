import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RateLimits } from '@pushfn/model/access-policy'
import type { Route } from '@pushfn/model/route'
import { type Problem, problems } from '../problem.ts'
import { Admission } from './admission.ts'
import { checkToken } from './check-token.ts'
import { isPreflight, preflightAnswer } from './cors.ts'
import type { Limit, LimitScope, Limits } from './limits.ts'
import type { TokenBook } from './token-book.ts'

type GatedRoute = Pick<Route, 'tenant' | 'function' | 'policy'>

/**
 * The door of one function: what is asked of a call between the finding of its route and the beginning of its exchange.
 * Routes without any such policy have none, so that their calls pay nothing.
 */
export class Gate {
  readonly #route: GatedRoute
  readonly #means: GateMeans
  /** Made at the first call: of very many functions most are not called in a gateway's life. */
  #limits: readonly Limit[] | undefined
  #policies = ''

  constructor(route: GatedRoute, means: GateMeans) {
    this.#route = route
    this.#means = means
  }

  /**
   * Whether the call may go on; at once, unless Redis must be asked. What it takes up of limits is given back by itself
   * when the answer or its connection has ended. A refusal is the caller's to send, signed by the admission.
   */
  admit(req: IncomingMessage, res: ServerResponse): Admission | Promise<Admission> {
    const { auth, cors, maxHeaderBytes } = this.#route.policy
    const admission = new Admission(cors, cors ? req.headers.origin : undefined)
    if (maxHeaderBytes !== null && headerBytes(req) > maxHeaderBytes) {
      admission.problem = problems.headersTooLarge(nameOf(this.#route), maxHeaderBytes)
      return admission
    }
    if (cors && isPreflight(req.method, req.headers)) {
      const answer = preflightAnswer(cors, req.headers)
      if (Array.isArray(answer)) admission.preflight = answer
      else admission.problem = { ...answer, function: nameOf(this.#route) }
      return admission
    }
    return auth === 'token' ? this.#askToken(admission, req, res) : this.#meetLimits(admission, req, res)
  }

  #askToken(admission: Admission, req: IncomingMessage, res: ServerResponse): Admission | Promise<Admission> {
    const decided = (problem: Problem | undefined): Admission | Promise<Admission> => {
      admission.isTokenOurs = true
      admission.problem = problem
      return problem ? admission : this.#meetLimits(admission, req, res)
    }
    const of = { tenant: this.#route.tenant, function: nameOf(this.#route) }
    const problem = checkToken(this.#means.tokens, req.headers.authorization, of)
    return problem instanceof Promise ? problem.then(decided) : decided(problem)
  }

  #meetLimits(admission: Admission, req: IncomingMessage, res: ServerResponse): Admission | Promise<Admission> {
    const limits = this.#limits ?? this.#makeLimits()
    if (limits.length === 0) return admission
    admission.met(limits, this.#policies)
    const isOver = overOf(req, res)
    const decided = (problem: Problem | undefined): Admission => {
      admission.problem = problem
      if (problem === undefined) isOver(() => releaseAll(limits))
      return admission
    }
    const problem = takeAll(limits, 0)
    return problem instanceof Promise ? problem.then(decided) : decided(problem)
  }

  #makeLimits(): readonly Limit[] {
    const limits = this.#means.limits.of(scopesOf(this.#route, this.#means))
    this.#limits = limits
    this.#policies = limits.map((limit) => limit.policy).join(', ')
    return limits
  }
}

/** What doors are made with. */
export interface GateMeans {
  limits: Limits
  tokens: TokenBook
  /** Of a tenant that has none of its own. */
  tenantLimits: RateLimits
}

/** The door that a route's policy asks for; undefined when it asks for none. */
export const gateOf = (route: GatedRoute, means: GateMeans): Gate | undefined => {
  const { auth, cors, maxHeaderBytes } = route.policy
  const isLimited = scopesOf(route, means).some(
    ({ limits }) => limits.requestsPerSecond !== null || limits.concurrentRequests !== null,
  )
  const isOpen = auth === 'none' && cors === null && maxHeaderBytes === null && !isLimited
  return isOpen ? undefined : new Gate(route, means)
}

const scopesOf = (route: GatedRoute, means: GateMeans): { scope: LimitScope; limits: RateLimits }[] => {
  const { policy, tenant } = route
  const name = nameOf(route)
  const ofTenant: LimitScope = { whose: 'tenant', key: `tenant:${tenant}`, function: name }
  const ofFunction: LimitScope = { whose: 'function', key: `fn:${tenant}/${route.function}`, function: name }
  return [
    ...(policy.limits ? [{ scope: ofFunction, limits: policy.limits }] : []),
    { scope: ofTenant, limits: policy.tenantLimits ?? means.tenantLimits },
  ]
}

/** OpenFaaS's `function_name`. */
const nameOf = (route: GatedRoute): string => `${route.function}.${route.tenant}`

/** Takes of every limit from `index` on, in order; at the first that refuses, what was taken goes back. */
const takeAll = (limits: readonly Limit[], index: number): Problem | undefined | Promise<Problem | undefined> => {
  for (let i = index; i < limits.length; i += 1) {
    const refusal = limits[i]?.take()
    if (refusal instanceof Promise) {
      return refusal.then((problem) => (problem ? undone(limits, i, problem) : takeAll(limits, i + 1)))
    }
    if (refusal) return undone(limits, i, refusal)
  }
  return undefined
}

const undone = (limits: readonly Limit[], taken: number, problem: Problem): Problem => {
  for (let i = 0; i < taken; i += 1) limits[i]?.undo()
  return problem
}

const releaseAll = (limits: readonly Limit[]): void => {
  for (const limit of limits) limit.release?.()
}

/**
 * Watches a call from now on, and calls back once when it is over: its answer has ended, or its connection has. An answer
 * that waits behind another one of its connection, and one that became a WebSocket, hear of the connection alone.
 */
const overOf = (req: IncomingMessage, res: ServerResponse): ((act: () => void) => void) => {
  const { socket } = req
  let isOver = socket.destroyed
  let then: (() => void) | undefined
  const over = () => {
    // The one 'close' brings the other about, and a listener taken off in the midst of an event is still called by it.
    if (isOver) return
    res.off('close', over)
    socket.off('close', over)
    isOver = true
    then?.()
  }
  res.on('close', over)
  // Requests that a caller sends ahead on one connection each have a listener.
  socket.setMaxListeners(0)
  socket.on('close', over)
  return (act) => {
    if (isOver) act()
    else then = act
  }
}

/** As they were sent: names, values, and four bytes of colon, space and line end for each. */
const headerBytes = (req: IncomingMessage): number => {
  let bytes = 0
  for (const text of req.rawHeaders) bytes += text.length + 2
  return bytes
}
