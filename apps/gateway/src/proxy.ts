import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Admission } from './access/admission.ts'
import type { DomainTable } from './access/domain-table.ts'
import { type AsyncDoor, serveAsync } from './async/async-door.ts'
import type { Call } from './call.ts'
import type { CallStats } from './call-stats.ts'
import { CallerResponse } from './caller-response.ts'
import { Exchange } from './exchange.ts'
import { givenCallId, requestFields, startTimeOf } from './headers.ts'
import type { WaitingRoom } from './hold/waiting-room.ts'
import type { Peer } from './peer.ts'
import { type Problem, problems } from './problem.ts'
import type { RouteEntry, RouteTable } from './route-table.ts'
import { discardRest, sendPreflight, sendProblem } from './send-problem.ts'
import { canServe, type Split } from './split.ts'
import { type FunctionTarget, functionTarget, hostLabel, hostName, originForm, ownTarget } from './target.ts'

/**
 * What happens to a request, from top to bottom: is it sound, whose is it, what may the function see of it, go. Here a
 * request is only judged and prepared; `exchange.ts` is its life from then on. Nothing on this path waits for anything
 * but the function itself: the routes are in memory.
 */
export interface ProxyOptions {
  table: RouteTable
  /** Hosts that tenants have brought themselves. */
  domains: DomainTable
  /** `.fn.example.com`: what follows the label of a function's host. */
  functionsSuffix: string
  consoleHost: string
  /** Where the console's host leads; it is a route like any other, with a path that stays as it is. */
  console: RouteEntry
  peerOf: (socket: Socket) => Peer
  room: WaitingRoom
  /** Counts what names no function: one series, however many names are tried. */
  unknown: CallStats
  /** Stores calls under `/async-function/`. */
  async: AsyncDoor
  /** Asks that what this route leads to is woken. */
  wake: (key: string) => void
  isStopping: () => boolean
}

export interface GatewayProxy {
  handle(req: IncomingMessage, res: CallerResponse, expectsContinue?: boolean): void
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void
}

interface Destination {
  find: () => RouteEntry | undefined
  path: string
  function: string
  isAsync: boolean
  /** The host by which the same function is called at any later time: a domain may be another tenant's by then. */
  lastingHost: string
}

/** A destination that is there. */
interface Found extends Pick<Call, 'side' | 'home'> {
  destination: Destination
  entry: RouteEntry
}

type Asked = Pick<Call, 'req' | 'res' | 'hasBody' | 'expectsContinue' | 'upgradeHead'>

const MAX_HEADERS = 200
/** What a target may hold; anything else could end the request line at a function. */
const VISIBLE = /^[!-~]+$/
const KEEP_ALIVE = 'connection: keep-alive\r\n'
const WEBSOCKET = 'connection: upgrade\r\nupgrade: websocket\r\n'

export const createProxy = (options: ProxyOptions): GatewayProxy => {
  const { table, room, isStopping } = options

  const handle = (req: IncomingMessage, res: CallerResponse, expectsContinue = false, upgradeHead?: Buffer): void => {
    const peer = options.peerOf(req.socket)
    if (peer.isRefused) return
    const asked: Asked = { req, res, hasBody: bodyOf(req), expectsContinue, upgradeHead }
    const found = unsound(req, asked.hasBody) ?? find(req)
    if ('status' in found) {
      refuse(req, res, found, peer)
      return
    }
    const admission = peer.isInternal ? undefined : found.entry.gate?.admit(req, res)
    if (admission === undefined) begin(asked, found, peer)
    else if (admission instanceof Promise) admission.then((late) => enter(asked, found, peer, late))
    else enter(asked, found, peer, admission)
  }

  /** What the function's door said: the call goes on, or the gateway answers in the function's name. */
  const enter = (asked: Asked, found: Found, peer: Peer, admission: Admission): void => {
    const { req, res, hasBody } = asked
    const { problem, preflight } = admission
    if (req.socket.destroyed) return
    if (problem === undefined && preflight === undefined) {
      begin(asked, found, peer, admission)
      return
    }
    found.entry.stats.refused(problem?.status ?? 204)
    if (problem) sendProblem({ req, res, isStopping, admission }, problem)
    else if (preflight) sendPreflight({ req, res, isStopping, admission }, preflight)
    if (hasBody) discardRest(req)
  }

  const begin = (asked: Asked, found: Found, peer: Peer, admission?: Admission): void => {
    if (found.destination.isAsync) {
      const { destination, entry } = found
      const { path, lastingHost: host } = destination
      void serveAsync(options.async, { ...asked, entry, peer, path, host, admission, isStopping })
      return
    }
    const { split } = found.entry
    // What is async or scheduled is tried again until it succeeds: it is no trial, and stays with live.
    const taken = split === undefined || peer.isInternal ? found : takeSide(found, split)
    const call = prepare(asked, taken, peer, admission)
    if ('status' in call) refuse(asked.req, asked.res, call, peer)
    else new Exchange(call).start()
  }

  const find = (req: IncomingMessage): Found | Problem => {
    const destination = destinationOf(req)
    if ('status' in destination) return destination
    const entry = destination.find()
    return entry
      ? { destination, entry, side: undefined, home: undefined }
      : problems.noSuchFunction(destination.function)
  }

  /**
   * Which side of a split a call is for. It has come in by the door of live already, which is the canary's too. Nobody waits
   * for a canary: what it cannot take now is live's.
   */
  const takeSide = ({ destination, entry }: Found, split: Split): Found => {
    const ofLive = { destination, entry, side: split.live, home: undefined }
    if (!split.draw()) return ofLive
    const canary = table.find(split.key)
    if (canary !== undefined && canServe(canary.upstreams)) {
      const there = { ...destination, find: () => table.find(split.key) }
      return { destination: there, entry: canary, side: split.canary, home: destination.find }
    }
    if (canary?.upstreams.length === 0 && split.wants()) options.wake(split.key)
    return ofLive
  }

  const prepare = (asked: Asked, found: Found, peer: Peer, admission: Admission | undefined): Call | Problem => {
    const { req, hasBody, upgradeHead } = asked
    const { destination, entry, side, home } = found
    const callId = givenCallId(req.headers) ?? randomUUID()
    const startTime = startTimeOf(req.headers, peer)
    const fields = requestFields(req, {
      peer,
      callId,
      startTime,
      hasBody,
      isTokenOurs: admission?.isTokenOurs === true,
    })
    if (fields === undefined) return problems.badRequest('A request has one Host header.')
    const hop = upgradeHead === undefined ? KEEP_ALIVE : WEBSOCKET
    return {
      ...asked,
      entry,
      side,
      home,
      room,
      admission,
      route: destination.find,
      callId,
      startTime,
      isStopping,
      head: `${req.method} ${destination.path} HTTP/1.1\r\n${fields}${hop}\r\n`,
    }
  }

  const destinationOf = (req: IncomingMessage): Destination | Problem => {
    const hostHeader = req.headers.host ?? ''
    const host = hostName(hostHeader)
    const url = originForm(req.url ?? '', hostHeader)
    if (host === undefined || url === undefined || !VISIBLE.test(url)) {
      return problems.badRequest('The request’s target or host is not valid.')
    }
    if (host === options.consoleHost) {
      return { find: () => options.console, path: url, function: 'console', isAsync: false, lastingHost: hostHeader }
    }
    const label = hostLabel(host, options.functionsSuffix)
    if (label !== undefined) return leadingTo(functionTarget(label, url), hostHeader)
    const domain = options.domains.find(host)
    return domain ? leadingTo(ownTarget(domain, url), domain.tenant + options.functionsSuffix) : problems.noSuchHost()
  }

  const leadingTo = ({ key, ...target }: FunctionTarget, lastingHost: string): Destination => ({
    find: () => table.find(key),
    ...target,
    lastingHost,
  })

  const refuse = (req: IncomingMessage, res: CallerResponse, problem: Problem, peer: Peer): void => {
    options.unknown.begin()
    options.unknown.end(problem.status, 0)
    sendProblem({ req, res, isStopping }, problem)
    if (problem.closes) peer.isRefused = true
    else if (bodyOf(req)) discardRest(req)
  }

  return {
    handle,
    upgrade: (req, socket, head) => {
      // The server has let go of this connection; an answer other than 101 still wants a response to write to.
      const res = new CallerResponse(req)
      res.shouldKeepAlive = false
      res.assignSocket(socket)
      res.on('finish', () => socket.destroySoon())
      socket.on('error', () => socket.destroy())
      handle(req, res, false, head)
    },
  }
}

/** Whether a body follows. HTTP has no other sign of it than these two headers (RFC 9112 §6.3). */
const bodyOf = (req: IncomingMessage): boolean => {
  const { headers } = req
  if (headers['transfer-encoding'] !== undefined) return true
  return headers['content-length'] !== undefined && headers['content-length'] !== '0'
}

/**
 * What Node's parser lets pass and a second parser could read in another way. It has refused Content-Length beside
 * Transfer-Encoding, bad chunks, bare line feeds, folded lines and spaces before a colon already.
 */
const unsound = (req: IncomingMessage, hasBody: boolean): Problem | undefined => {
  const encoding = req.headers['transfer-encoding']
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || req.httpVersionMinor !== 1)) {
    return problems.badRequest('The only Transfer-Encoding is “chunked”, in HTTP/1.1.')
  }
  if (req.httpVersionMajor !== 1) return problems.badRequest('This is HTTP/1.')
  if (req.rawHeaders.length > 2 * MAX_HEADERS) return problems.tooManyHeaders(MAX_HEADERS)
  if (req.method === 'TRACE') return problems.methodNotAllowed('TRACE')
  const expected = req.headers.expect
  if (expected !== undefined && expected.toLowerCase() !== '100-continue') return problems.expectationFailed()
  if (hasBody && req.method === 'HEAD') return problems.badRequest('A HEAD request has no body.')
  return undefined
}
