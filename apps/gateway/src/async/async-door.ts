import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@pushfn/kit/log'
import { isCallId } from '@pushfn/model/async-call'
import { routeOfKey } from '@pushfn/model/route'
import type { LaneOf } from '@pushfn/store/calls/call-keys'
import { callState } from '@pushfn/store/calls/call-state'
import { type CallStore, storeCall } from '@pushfn/store/calls/store-call'
import type { Admission } from '../access/admission.ts'
import { storableHeaders } from '../headers.ts'
import type { Peer } from '../peer.ts'
import { type Problem, problems } from '../problem.ts'
import type { RouteEntry } from '../route-table.ts'
import { discardRest, sendProblem } from '../send-problem.ts'
import { type CallBounds, callOptions } from './call-options.ts'
import { type BodyReader, storedBody } from './read-body.ts'

/**
 * `/async-function/<function>`: a POST is stored and answered with 202, a GET of `/<call id>` below it tells how the call
 * stands. Who may come in was decided before, as for every call of the function.
 */
export interface AsyncRequest {
  req: IncomingMessage
  res: ServerResponse
  entry: RouteEntry
  peer: Peer
  /** What the function would see as path and query. */
  path: string
  /** By which host the function is called when the call is run. */
  host: string
  hasBody: boolean
  expectsContinue: boolean
  admission: Admission | undefined
  isStopping: () => boolean
}

export interface AsyncDoor {
  store: CallStore
  bodies: BodyReader
  bounds: CallBounds
  maxBodyBytes: number
  log: Log
}

export const serveAsync = async (door: AsyncDoor, asked: AsyncRequest): Promise<void> => {
  const { req, res, entry, hasBody, admission, isStopping } = asked
  let answer: Answer | Problem | undefined
  try {
    answer =
      req.method === 'POST' ? await accept(door, asked) : req.method === 'GET' ? await show(door, asked) : notServed
  } catch (err) {
    door.log.warn({ err }, 'an async call could not be served')
    answer = problems.queueAway(entry.stats.functionName)
  }
  if (!answer || res.destroyed) return
  entry.stats.refused(answer.status)
  if ('body' in answer) {
    const headers = [...answer.headers, 'content-length', String(Buffer.byteLength(answer.body))]
    admission?.sign(headers)
    if (isStopping()) headers.push('connection', 'close')
    res.writeHead(answer.status, headers).end(answer.body)
  } else {
    sendProblem({ req, res, isStopping, admission }, answer)
  }
  if (hasBody && !req.complete) discardRest(req)
}

interface Answer {
  status: number
  headers: string[]
  body: string
}

const notServed: Problem = {
  status: 405,
  title: 'Method not allowed',
  detail:
    'A function is called asynchronously by POST; GET of /async-function/<function>/<call id> tells how a call stands.',
  allow: 'GET, POST',
}

const accept = async (door: AsyncDoor, asked: AsyncRequest): Promise<Answer | Problem | undefined> => {
  const { req, res, entry } = asked
  const name = entry.stats.functionName
  const options = callOptions(req.headers, door.bounds)
  if (typeof options === 'string') return { ...problems.badRequest(options), closes: false }
  const headers = storableHeaders(req, asked.peer, asked.admission?.isTokenOurs === true)
  if (!headers) return problems.badRequest('A request has one Host header.')
  const { policy } = entry
  const maxBytes = Math.min(door.maxBodyBytes, policy.maxBodyBytes)
  if (asked.expectsContinue && Number(req.headers['content-length'] ?? 0) <= maxBytes) res.writeContinue()
  const read = asked.hasBody ? await door.bodies.read(req, { maxBytes, idleMs: policy.idleTimeoutMs }) : NO_BODY
  if (read === 'gone') return undefined
  if (read === 'tooLarge') return problems.bodyTooLarge(name, maxBytes)
  if (read === 'crowded') return problems.busy(name)

  const startTime = `${Date.now()}000000`
  const stored = await storeCall(door.store, {
    call: {
      ...functionOf(entry),
      host: asked.host,
      method: 'POST',
      path: asked.path,
      headers,
      body: storedBody(read.body),
      callbackUrl: options.callbackUrl,
      tick: null,
    },
    ...options,
  })
  if (stored.kind === 'conflict') return problems.keyTaken(name)
  if (stored.kind === 'full') return problems.queueFull(name)
  const told = ['X-Call-Id', stored.id, 'X-Start-Time', startTime]
  if (stored.isRepeated) told.push('X-Pushfn-Repeated', 'true')
  return { status: 202, headers: told, body: '' }
}

const NO_BODY = { body: Buffer.alloc(0) }

const show = async (door: AsyncDoor, { entry, path }: AsyncRequest): Promise<Answer | Problem> => {
  const of = functionOf(entry)
  const id = path.split('?')[0]?.slice(1) ?? ''
  const view = isCallId(id) ? await callState(door.store, of, id) : undefined
  if (!view) return problems.noSuchCall(entry.stats.functionName)
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store', 'X-Call-Id', id]
  return { status: 200, headers, body: `${JSON.stringify(view)}\n` }
}

/** Statistics are kept per `<function>.<tenant>`; neither part holds a dot. */
const functionOf = ({ stats }: RouteEntry): Omit<LaneOf, 'kind'> => {
  const [name = '', tenant = ''] = stats.functionName.split('.')
  const { host } = routeOfKey(stats.key)
  return { tenant, function: name, ...(host !== tenant && { hostLabel: host }) }
}
