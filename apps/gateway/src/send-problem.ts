import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admission } from './access/admission.ts'
import { type Problem, renderProblem } from './problem.ts'

/** How long a caller may go on sending a body that nobody reads any more, before the connection is cut. */
const LINGER_MS = 2_000

/** The call that the gateway answers itself. */
interface AnsweredCall {
  req: IncomingMessage
  res: ServerResponse
  callId?: string
  isStopping: () => boolean
  admission?: Admission | undefined
}

/** Answers with a problem, whatever has become of the request. */
export const sendProblem = (to: AnsweredCall, problem: Problem): void => {
  const { headers, body } = renderProblem(problem, to.req.headers, to.callId)
  to.admission?.sign(headers)
  if (to.isStopping() && !problem.closes) headers.push('connection', 'close')
  to.res.writeHead(problem.status, headers).end(to.req.method === 'HEAD' ? undefined : body)
}

/** Answers a browser that asks whether a page may send its request. */
export const sendPreflight = (to: AnsweredCall, answer: readonly string[]): void => {
  const headers = [...answer]
  to.admission?.sign(headers)
  if (to.isStopping()) headers.push('connection', 'close')
  to.res.writeHead(204, headers).end()
}

/** Lets a caller that is still sending read its answer first: closing at once would reset the connection under it. */
export const discardRest = (req: IncomingMessage): void => {
  const timer = setTimeout(() => req.complete || req.socket.destroy(), LINGER_MS)
  timer.unref()
  req.once('end', () => clearTimeout(timer))
  req.resume()
}
