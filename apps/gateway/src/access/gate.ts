import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RateLimits } from '@pushfn/model/access-policy'
import type { Route } from '@pushfn/model/route'
import { type Problem, problems } from '../problem.ts'
import { Admission } from './admission.ts'
import { checkToken } from './check-token.ts'
import { isPreflight, preflightAnswer } from './cors.ts'
import type { Limit, LimitScope, Limits } from './limits.ts'
import type { TokenBook } from './token-book.ts'

/**
 * The door of one function: what is asked of a call between the finding of its route and the beginning of its exchange.
 * Routes without any such policy have none, so that their calls pay nothing.
 */
export class Gate {
  readonly #policy: Route['policy']
  readonly #name: string
  readonly #limits: readonly Limit[]
  readonly #policies: string
  readonly #tenant: string
  readonly #tokens: TokenBook

  constructor(route: Route, limits: readonly Limit[], tokens: TokenBook) {
    this.#policy = route.policy
    this.#tenant = route.tenant
    this.#tokens = tokens
    this.#name = `${route.function}.${route.tenant}`
    this.#limits = limits
    this.#policies = limits.map((limit) => limit.policy).join(', ')
  }

  /**
   * Whether the call may go on; at once, unless Redis must be asked. What it takes up of limits is given back by itself
   * when the answer or its connection has ended. A refusal is the caller's to send, signed by the admission.
   */
  admit(req: IncomingMessage, res: ServerResponse): Admission | Promise<Admission> {
    const { auth, cors, maxHeaderBytes } = this.#policy
    const admission = new Admission(cors, cors ? req.headers.origin : undefined)
    if (maxHeaderBytes !== null && headerBytes(req) > maxHeaderBytes) {
      admission.problem = problems.headersTooLarge(this.#name, maxHeaderBytes)
      return admission
    }
    if (cors && isPreflight(req.method, req.headers)) {
      const answer = preflightAnswer(cors, req.headers)
      if (Array.isArray(answer)) admission.preflight = answer
      else admission.problem = { ...answer, function: this.#name }
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
    const of = { tenant: this.#tenant, function: this.#name }
    const problem = checkToken(this.#tokens, req.headers.authorization, of)
    return problem instanceof Promise ? problem.then(decided) : decided(problem)
  }

  #meetLimits(admission: Admission, req: IncomingMessage, res: ServerResponse): Admission | Promise<Admission> {
    if (this.#limits.length === 0) return admission
    admission.met(this.#limits, this.#policies)
    const isOver = overOf(req, res)
    const decided = (problem: Problem | undefined): Admission => {
      admission.problem = problem
      if (problem === undefined) isOver(() => releaseAll(this.#limits))
      return admission
    }
    const problem = takeAll(this.#limits, 0)
    return problem instanceof Promise ? problem.then(decided) : decided(problem)
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
export const gateOf = (route: Route, { limits, tokens, tenantLimits }: GateMeans): Gate | undefined => {
  const { policy, tenant, function: name } = route
  const scope = { function: `${name}.${tenant}` }
  const scopes: { scope: LimitScope; limits: RateLimits }[] = []
  if (policy.limits)
    scopes.push({ scope: { ...scope, whose: 'function', key: `fn:${tenant}/${name}` }, limits: policy.limits })
  scopes.push({
    scope: { ...scope, whose: 'tenant', key: `tenant:${tenant}` },
    limits: policy.tenantLimits ?? tenantLimits,
  })
  const all = limits.of(scopes)
  const isOpen = policy.auth === 'none' && all.length === 0 && policy.cors === null && policy.maxHeaderBytes === null
  return isOpen ? undefined : new Gate(route, all, tokens)
}

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
