import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Client, Dispatcher } from 'undici'
import { leastBusy } from './balance.ts'
import { responseHeaders, trailerFields } from './headers.ts'
import { type Problem, problems } from './problem.ts'
import { BodyTooLargeError, RequestBody } from './request-body.ts'
import { errorCode, mayRetry } from './retry.ts'
import type { RouteEntry } from './route-table.ts'
import { discardRest, sendProblem } from './send-problem.ts'
import { joinTunnel } from './tunnel.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'
import { answerForSleeping } from './wake.ts'

/** One call from a caller, ready to go to a function. */
export interface Call {
  req: IncomingMessage
  res: ServerResponse
  /** Asked before each attempt, so that a retry goes by the routes of that moment. */
  route: () => RouteEntry | undefined
  entry: RouteEntry
  callId: string
  startTime: string
  hasBody: boolean
  expectsContinue: boolean
  isStopping: () => boolean
  options: Dispatcher.DispatchOptions
  /** Bytes read behind the head of an upgrade request; undefined for every other call. */
  upgradeHead: Buffer | undefined
}

/** Below this a body joins the head in one string, and so in one write. */
const SMALL_BODY_BYTES = 2_048
const CALLER_GONE = 499

let turn = 0

/**
 * The life of one call: undici tells it what happens at the function, the caller's request and response are its other
 * end. It is one object with methods and no closures because every call allocates it.
 */
export class Exchange implements UpstreamCall {
  readonly options: Dispatcher.DispatchOptions
  isWary = false
  readonly #call: Call
  readonly #startedMs = performance.now()
  #upstream: Upstream | undefined
  #connection: Client | undefined
  #controller: Dispatcher.DispatchController | undefined
  #tried: Upstream[] | undefined
  #attempts = 0
  #isSent = false
  #hasAnswerBegun = false
  #isCallerGone = false
  #isEnded = false
  #status = 0
  #held: Buffer | undefined
  #isFlushed = false
  #isSlowed = false

  constructor(call: Call) {
    this.#call = call
    this.options = call.options
  }

  start(): void {
    const { req, res, entry, hasBody } = this.#call
    const { stats, policy } = entry
    stats.begin()
    res.on('close', () => this.#onCallerClose())
    if (hasBody) {
      req.on('error', ignore)
      req.socket.setTimeout(policy.idleTimeoutMs)
      req.once('end', () => req.socket.setTimeout(0))
    }
    const isTooLarge = hasBody && Number(req.headers['content-length'] ?? 0) > policy.maxBodyBytes
    if (isTooLarge) this.#fail(problems.bodyTooLarge(stats.functionName, policy.maxBodyBytes))
    else this.#attempt()
  }

  #attempt(): void {
    const problem = this.#dispatch()
    if (problem) this.#fail(problem)
  }

  /** Sends the call to the least busy endpoint that has not failed it yet, or says why that cannot be. */
  #dispatch(): Problem | undefined {
    const { entry, hasBody, route } = this.#call
    const { upstreams } = this.#attempts === 0 ? entry : (route() ?? entry)
    if (upstreams.length === 0) return answerForSleeping(entry)
    turn = (turn + 1) >>> 0
    const upstream = leastBusy(upstreams, turn, this.#tried)
    if (!upstream) return problems.unreachable(entry.stats.functionName)
    this.#attempts += 1
    this.#upstream = upstream
    if (hasBody) this.options.body = this.#body()
    upstream.enter()
    if (upstream.dispatch(this)) return undefined
    this.#leave()
    return problems.busy(entry.stats.functionName)
  }

  #body(): RequestBody {
    const { req, res, entry, expectsContinue } = this.#call
    return new RequestBody(req, {
      maxBytes: entry.policy.maxBodyBytes,
      onWanted: () => expectsContinue && res.writeContinue(),
    })
  }

  onConnection(connection: Client): void {
    this.#connection = connection
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isCallerGone) controller.abort(new Error('the caller is gone'))
    else this.#isSent = true
  }

  onResponseStarted(): void {
    this.#hasAnswerBegun = true
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const { req, res } = this.#call
    if (status < 200) {
      this.#inform(status, headers)
      return
    }
    this.#status = status
    const isChunked = headers['content-length'] === undefined && status !== 204 && status !== 304
    const list = responseHeaders(headers, isChunked && req.method !== 'HEAD' && req.httpVersionMinor === 1)
    this.#sign(list)
    res.writeHead(status, list)
    process.nextTick(flush, this)
  }

  /** 102 and 103 go on to callers that can take them; 100 is the gateway's own to say. */
  #inform(status: number, headers: IncomingHttpHeaders): void {
    const { req, res } = this.#call
    if (req.httpVersionMinor !== 1) return
    if (status === 102) res.writeProcessing()
    if (status === 103 && typeof headers.link === 'string') res.writeEarlyHints({ link: headers.link })
  }

  #sign(headers: string[]): void {
    const { callId, startTime, isStopping } = this.#call
    const seconds = (performance.now() - this.#startedMs) / 1000
    headers.push('X-Call-Id', callId, 'X-Start-Time', startTime, 'X-Duration-Seconds', seconds.toFixed(6))
    if (isStopping()) headers.push('connection', 'close')
  }

  /** The first piece waits for the end of the tick: most answers end with it and leave in one write with their head. */
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isFlushed && this.#held === undefined) {
      this.#held = chunk
      return
    }
    this.flush()
    if (!this.#call.res.write(chunk)) this.#slowDown(controller)
  }

  flush(): void {
    const { res } = this.#call
    if (this.#isFlushed || this.#isEnded) return
    this.#isFlushed = true
    const held = this.#held
    this.#held = undefined
    if (held === undefined) res.flushHeaders()
    else if (!res.write(held) && this.#controller) this.#slowDown(this.#controller)
  }

  /** The caller reads more slowly than the function writes; it may, but not for ever. */
  #slowDown(controller: Dispatcher.DispatchController): void {
    const { req, res, entry } = this.#call
    controller.pause()
    req.socket.setTimeout(entry.policy.idleTimeoutMs)
    if (this.#isSlowed) return
    this.#isSlowed = true
    res.on('drain', () => {
      req.socket.setTimeout(0)
      controller.resume()
    })
  }

  onResponseEnd(_: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    const { req, res, hasBody } = this.#call
    const held = this.#held
    this.#leave()
    this.#end(this.#status)
    const fields = trailerFields(trailers)
    if (fields) res.addTrailers(fields)
    if (held === undefined) res.end()
    else if (held.length < SMALL_BODY_BYTES) res.end(held.toString('latin1'), 'latin1')
    else res.end(held)
    if (hasBody && !req.complete) discardRest(req)
  }

  onRequestUpgrade(
    _: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    upstreamSocket: Duplex,
  ): void {
    const { req, res, entry, upgradeHead } = this.#call
    const upstream = this.#upstream
    const { socket } = req
    this.#status = status
    this.#upstream = undefined
    if (this.#connection) upstream?.discard(this.#connection)
    const list = responseHeaders(headers, false)
    this.#sign(list)
    list.push('connection', 'upgrade', 'upgrade', 'websocket')
    res.detachSocket(socket)
    joinTunnel({
      caller: socket,
      function: upstreamSocket,
      callerHead: upgradeHead,
      answer: list,
      idleTimeoutMs: entry.policy.idleTimeoutMs,
      onClosed: () => {
        upstream?.leave()
        this.#end(status)
      },
    })
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    const failed = this.#upstream
    this.#leave(true)
    const problem = this.#problemOf(error)
    if (this.#isCallerGone) this.#end(CALLER_GONE)
    else if (this.#status !== 0) this.#cut()
    else if (problem) this.#fail(problem)
    else {
      if (!this.#isSent && failed) this.#tried = [...(this.#tried ?? []), failed]
      this.#isSent = false
      this.isWary = true
      this.#attempt()
    }
  }

  /** What to tell the caller of this error; undefined when another endpoint may do better. */
  #problemOf(error: Error): Problem | undefined {
    const { req, entry, hasBody } = this.#call
    const { stats, policy } = entry
    const code = errorCode(error)
    if (error instanceof BodyTooLargeError) return problems.bodyTooLarge(stats.functionName, policy.maxBodyBytes)
    if (code === 'UND_ERR_INVALID_ARG') return problems.badRequest('The request is not valid.')
    if (code === 'UND_ERR_HEADERS_TIMEOUT') return problems.timedOut(stats.functionName, policy.responseTimeoutMs)
    const method = req.method ?? 'GET'
    const attempts = this.#attempts
    const isSent = this.#isSent
    const hasAnswerBegun = this.#hasAnswerBegun
    if (mayRetry({ method, error, hasBody, attempts, isSent, hasAnswerBegun })) return undefined
    return problems.crashed(stats.functionName)
  }

  /** The head is out already: all that is left is to let the caller see that the rest is missing. */
  #cut(): void {
    this.#end(this.#status)
    this.#call.res.destroy()
  }

  #fail(problem: Problem): void {
    const { req, hasBody } = this.#call
    this.#end(problem.status)
    sendProblem(this.#call, problem)
    if (hasBody && !req.complete) discardRest(req)
  }

  #onCallerClose(): void {
    if (this.#isEnded) return
    this.#isCallerGone = true
    if (this.#controller && this.#isSent) this.#controller.abort(new Error('the caller is gone'))
    else if (this.#upstream?.withdraw(this)) {
      this.#leave()
      this.#end(CALLER_GONE)
    }
  }

  /** The endpoint has nothing more to do with this call. */
  #leave(hasFailed = false): void {
    const upstream = this.#upstream
    const connection = this.#connection
    this.#upstream = undefined
    this.#connection = undefined
    if (!upstream) return
    if (connection && hasFailed) upstream.discard(connection)
    else if (connection) upstream.release(connection)
    upstream.leave()
  }

  #end(status: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#call.entry.stats.end(status, (performance.now() - this.#startedMs) / 1000)
  }
}

const flush = (exchange: Exchange): void => exchange.flush()

const ignore = (): void => undefined
