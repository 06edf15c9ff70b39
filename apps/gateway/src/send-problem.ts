import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Problem, renderProblem } from './problem.ts'

/** How long a caller may go on sending a body that nobody reads any more, before the connection is cut. */
const LINGER_MS = 2_000

/** Answers with a problem, whatever has become of the request. */
export const sendProblem = (
  to: { req: IncomingMessage; res: ServerResponse; callId?: string; isStopping: () => boolean },
  problem: Problem,
): void => {
  const { headers, body } = renderProblem(problem, to.req.headers, to.callId)
  if (to.isStopping() && !problem.closes) headers.push('connection', 'close')
  to.res.writeHead(problem.status, headers).end(to.req.method === 'HEAD' ? undefined : body)
}

/** Lets a caller that is still sending read its answer first: closing at once would reset the connection under it. */
export const discardRest = (req: IncomingMessage): void => {
  const timer = setTimeout(() => req.complete || req.socket.destroy(), LINGER_MS)
  timer.unref()
  req.once('end', () => clearTimeout(timer))
  req.resume()
}
