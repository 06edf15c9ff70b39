import { Answer } from './answer.ts'
import { leastBusy } from './balance.ts'
import type { Call } from './call.ts'
import { faultProblem, refusalProblem } from './exchange-problems.ts'
import { responseHeaders, valuesOf } from './headers.ts'
import type { HeldCall } from './hold/waiting-room.ts'
import { type Problem, problems } from './problem.ts'
import { type BodyOwner, RequestBody } from './request-body.ts'
import type { RouteEntry } from './route-table.ts'
import { discardRest, sendProblem } from './send-problem.ts'
import { Tunnel } from './tunnel.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'
import type { AnswerHead, Asked } from './wire/answer-reader.ts'
import type { Connection } from './wire/connection.ts'
import { malformed, type WireError } from './wire/wire-error.ts'

const CALLER_GONE = 499
/** As callers would have been told. */
const LOST = 502
const PLAIN: Asked = { isHead: false, mayUpgrade: false }
const HEAD: Asked = { isHead: true, mayUpgrade: false }
const UPGRADE: Asked = { isHead: false, mayUpgrade: true }

/** Replicas that are killed together are dead by then, and are tried no more. */
const LAST_TRY_AFTER_MS = 250

let turn = 0

/**
 * The life of one call: a connection tells it what happens at the function, the caller's request and response are its
 * other end. It is one object with methods and no closures because every call allocates it.
 */
export class Exchange implements UpstreamCall, BodyOwner, HeldCall {
  readonly asked: Asked
  isWary = false
  #call: Call
  readonly #answer: Answer
  readonly #startedMs = performance.now()
  #upstream: Upstream | undefined
  #connection: Connection | undefined
  #body: RequestBody | undefined
  /** Those that could not be reached. */
  #tried: Upstream[] | undefined
  /** The one that has lost the call, to be asked again only where there is no other. */
  #lostBy: Upstream | undefined
  #attempts = 0
  /** Attempts by which the head may have left: those that found nobody do not count against a call. */
  #timesSent = 0
  /** When it began to wait for a replica; 0: it has not. */
  #heldSinceMs = 0
  #isHeld = false
  #hasSlept = false
  /** Whether the head may have left for the present upstream. */
  #isSent = false
  #isEnded = false
  #isSlowed = false
  #status = 0

  constructor(call: Call) {
    this.#call = call
    this.#answer = new Answer(call.res)
    this.asked = call.upgradeHead ? UPGRADE : call.req.method === 'HEAD' ? HEAD : PLAIN
  }

  start(): void {
    const { req, res, entry, hasBody } = this.#call
    const { stats, policy } = entry
    stats.begin(this.#startedMs)
    res.on('close', () => this.#onCallerClose())
    if (hasBody) req.on('error', ignore)
    const isTooLarge = hasBody && Number(req.headers['content-length'] ?? 0) > policy.maxBodyBytes
    if (isTooLarge) this.onBodyTooLarge()
    // Nobody overtakes those who wait for a place at a replica.
    else if (policy.maxInflight !== null && stats.held > 0) this.#withoutReplica(entry)
    else this.#attempt()
  }

  /** Sends the call to the least busy replica that has not failed it yet. */
  #attempt(): void {
    const { entry, route } = this.#call
    const present = this.#attempts === 0 && this.#heldSinceMs === 0 ? entry : (route() ?? entry)
    turn = (turn + 1) >>> 0
    const upstream = this.#choose(present.upstreams)
    if (upstream) this.#sendTo(upstream)
    else this.#withoutReplica(present)
  }

  #choose(upstreams: readonly Upstream[]): Upstream | undefined {
    const tried = this.#tried
    const lostBy = this.#lostBy
    if (upstreams.length === 1 && tried === undefined && upstreams[0]?.hasRoom) return upstreams[0]
    const nowMs = upstreams[0]?.nowMs ?? 0
    const elsewhere = lostBy && leastBusy(upstreams, { turn, tried: [...(tried ?? []), lostBy], nowMs })
    return elsewhere ?? leastBusy(upstreams, { turn, tried, nowMs })
  }

  #sendTo(upstream: Upstream): void {
    this.#attempts += 1
    this.#isSent = false
    this.#upstream = upstream
    upstream.enter()
    if (upstream.dispatch(this)) return
    this.#leave()
    if (this.#call.home) this.#goHome()
    else this.#fail(problems.busy(this.#call.entry.stats.functionName))
  }

  /** No replica can take this call now: it waits until one can, for as long as its function's policy says. */
  #withoutReplica(present: RouteEntry): void {
    const { room, home } = this.#call
    if (home) {
      this.#goHome()
      return
    }
    const { hold } = present.policy
    if (present.upstreams.length === 0) this.#hasSlept = true
    if (this.#heldSinceMs === 0) this.#heldSinceMs = performance.now()
    const leftMs = hold.ms - (performance.now() - this.#heldSinceMs)
    const refusal = leftMs > 0 ? room.enter(this, present.stats.key, { calls: hold.calls, ms: leftMs }) : 'late'
    if (refusal !== undefined) {
      this.#fail(refusalProblem(present, refusal))
      return
    }
    this.#isHeld = true
    this.#call.entry.stats.held += 1
    if (present.policy.maxInflight !== null) for (const upstream of present.upstreams) upstream.slots?.want()
  }

  /** What a canary cannot take, or has lost, is live's to answer: no call fails because a canary is not there. */
  #goHome(): void {
    const { entry, home = this.#call.route } = this.#call
    const live = home()
    this.#call = { ...this.#call, entry: live ?? entry, route: home, side: undefined, home: undefined }
    this.#tried = undefined
    entry.stats.handOver()
    this.#call.entry.stats.begin()
    this.#attempt()
  }

  #isHeldNoMore(): void {
    this.#isHeld = false
    this.#call.entry.stats.held -= 1
  }

  mayGo(): boolean {
    const present = this.#call.route()
    return present === undefined || present.upstreams.some((upstream) => upstream.hasRoom)
  }

  go(): void {
    const { route, entry } = this.#call
    const present = route()
    this.#isHeldNoMore()
    if (present === undefined) {
      this.#fail(problems.noSuchFunction(entry.stats.functionName.split('.')[0] ?? ''))
      return
    }
    if (this.#hasSlept) present.stats.coldStarts += 1
    this.#hasSlept = false
    this.#tried = undefined
    this.#attempt()
  }

  onHeldTooLong(): void {
    this.#isHeldNoMore()
    const { entry, route } = this.#call
    this.#fail(refusalProblem(route() ?? entry, 'late'))
  }

  onConnection(connection: Connection): void {
    this.#connection = connection
  }

  onReady(): void {
    const { req, res, head, hasBody, expectsContinue, entry } = this.#call
    const connection = this.#connection
    if (!connection) return
    this.#isSent = true
    this.#timesSent += 1
    if (!hasBody) {
      connection.watch(entry.policy.responseTimeoutMs, 'no-answer')
      connection.writeText(head)
      return
    }
    connection.watch(entry.policy.idleTimeoutMs, 'stalled')
    connection.gather()
    connection.writeText(head)
    this.#body = new RequestBody(req, connection, entry.policy.maxBodyBytes, this)
    if (expectsContinue) res.writeContinue()
  }

  onBodyMoved(): void {
    this.#connection?.touch()
  }

  onBodySent(): void {
    if (this.#answer.hasBegun) this.#connection?.touch()
    else this.#connection?.watch(this.#call.entry.policy.responseTimeoutMs, 'no-answer')
  }

  onBodyTooLarge(): void {
    const { stats, policy } = this.#call.entry
    const problem = problems.bodyTooLarge(stats.functionName, policy.maxBodyBytes)
    this.#discard()
    if (this.#answer.hasBegun) this.#cut()
    else this.#fail(problem)
  }

  onDrain(): void {
    this.#connection?.touch()
    this.#body?.onDrain()
  }

  /** 102 and 103 go on to callers that can take them; 100 is the gateway's own to say. */
  onInformation({ status, fields }: AnswerHead): void {
    const { req, res } = this.#call
    if (req.httpVersionMinor !== 1) return
    const link = valuesOf(fields, 'link')
    if (status === 102) res.writeProcessing()
    if (status === 103 && link !== undefined) res.writeEarlyHints({ link })
  }

  onHead({ status, fields, contentLength, hasBody }: AnswerHead): void {
    const { req, entry } = this.#call
    this.#status = status
    this.#upstream?.succeeded()
    this.#call.side?.answered(status, performance.now() - this.#startedMs)
    const isChunked = hasBody && contentLength === undefined && req.httpVersionMinor === 1
    const headers = responseHeaders(fields, isChunked)
    this.#sign(headers)
    this.#answer.begin({ status, headers, isLengthUnknown: hasBody && contentLength === undefined })
    this.#connection?.watch(entry.policy.idleTimeoutMs, 'stalled')
    if (entry.policy.answerTimeoutMs !== null) this.#connection?.endWithin(entry.policy.answerTimeoutMs)
  }

  #sign(headers: string[]): void {
    const { callId, startTime, isStopping } = this.#call
    const seconds = (performance.now() - this.#startedMs) / 1000
    headers.push('X-Call-Id', callId, 'X-Start-Time', startTime, 'X-Duration-Seconds', seconds.toFixed(6))
    this.#call.admission?.sign(headers)
    if (isStopping()) headers.push('connection', 'close')
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (!this.#isEnded && !this.#answer.take(bytes, from, to)) this.#slowDown()
  }

  onReadEnd(): void {
    if (!this.#answer.flush()) this.#slowDown()
  }

  /** The caller reads more slowly than the function writes; it may, but not for ever. */
  #slowDown(): void {
    const { req, res, entry } = this.#call
    const { idleTimeoutMs } = entry.policy
    this.#connection?.pause()
    // The socket's own clock knows of every byte that the caller takes; the connection's would only know of whole pieces.
    this.#connection?.watch(Number.POSITIVE_INFINITY, 'stalled')
    req.socket.setTimeout(idleTimeoutMs)
    if (this.#isSlowed) return
    this.#isSlowed = true
    res.on('drain', () => {
      req.socket.setTimeout(0)
      this.#connection?.watch(idleTimeoutMs, 'stalled')
      this.#connection?.resume()
    })
  }

  onDone(trailers: string[] | undefined, mayPersist: boolean): void {
    const { req, res, entry, hasBody } = this.#call
    const isBodySent = !hasBody || this.#body?.isSent === true
    if (mayPersist && isBodySent) this.#release()
    else this.#discard()
    this.#end(this.#status)
    this.#answer.end(trailers)
    if (res.writableLength > 0) req.socket.setTimeout(entry.policy.idleTimeoutMs)
    if (hasBody && !req.complete) discardRest(req)
  }

  onUpgrade({ status, fields }: AnswerHead): void {
    const { req, res, entry, upgradeHead } = this.#call
    const upstream = this.#upstream
    const connection = this.#connection
    if (valuesOf(fields, 'upgrade')?.toLowerCase() !== 'websocket') throw malformed('an upgrade to something else')
    if (!connection) return
    const { socket } = req
    this.#status = status
    upstream?.succeeded()
    this.#call.side?.answered(status, performance.now() - this.#startedMs)
    this.#upstream = undefined
    this.#connection = undefined
    const answer = responseHeaders(fields, false)
    this.#sign(answer)
    answer.push('connection', 'upgrade', 'upgrade', 'websocket')
    res.detachSocket(socket)
    const onClosed = () => {
      upstream?.leave()
      this.#end(status)
    }
    const { idleTimeoutMs } = entry.policy
    const tunnel = { caller: socket, function: connection, callerHead: upgradeHead, answer, idleTimeoutMs, onClosed }
    connection.handOver(new Tunnel(tunnel))
    if (entry.policy.answerTimeoutMs !== null) connection.endWithin(entry.policy.answerTimeoutMs)
  }

  onFailed({ fault }: WireError, hasAnswered: boolean): void {
    const failed = this.#upstream
    const isBlocked = this.#body?.isBlocked === true
    this.#discard()
    if (fault !== 'stalled') failed?.failed()
    const howFar = { isBlocked, hasAnswered, timesSent: this.#timesSent, isSent: this.#isSent }
    const problem = faultProblem(this.#call, fault, howFar)
    if (this.#answer.hasBegun) {
      this.#call.side?.broke(this.#status)
      this.#cut()
    } else if (problem) this.#fail(problem)
    else if (this.#call.home) {
      // Its caller does not hear of it; who compares does.
      this.#call.side?.answered(LOST, performance.now() - this.#startedMs)
      this.#goHome()
    } else {
      if (this.#isSent) this.#lostBy = failed
      else if (failed) this.#tried = [...(this.#tried ?? []), failed]
      this.isWary = true
      // What it was sent to twice died under it: others may be dying in this very moment, and a third try is the last.
      if (this.#isSent && this.#timesSent > 1) setTimeout(() => this.#isEnded || this.#attempt(), LAST_TRY_AFTER_MS)
      else this.#attempt()
    }
  }

  #cut(): void {
    this.#end(this.#status)
    this.#answer.cut()
  }

  #fail(problem: Problem): void {
    const { req, hasBody, side } = this.#call
    this.#end(problem.status)
    side?.answered(problem.status, performance.now() - this.#startedMs)
    sendProblem(this.#call, problem)
    if (hasBody && !req.complete) discardRest(req)
  }

  #onCallerClose(): void {
    if (this.#isEnded) return
    if (this.#isHeld) {
      this.#call.room.leave(this, this.#call.entry.stats.key)
      this.#isHeldNoMore()
    }
    this.#upstream?.withdraw(this)
    this.#discard()
    // It waited so long at least: callers that give a slow canary up must not make it look fast.
    if (this.#status === 0) this.#call.side?.answered(CALLER_GONE, performance.now() - this.#startedMs)
    this.#end(this.#status === 0 ? CALLER_GONE : this.#status)
  }

  /** Leaves the replica; the connection may serve another call. */
  #release(): void {
    const upstream = this.#upstream
    const connection = this.#connection
    this.#leave()
    if (connection) upstream?.release(connection)
  }

  /** Leaves the replica and ends the connection. */
  #discard(): void {
    const connection = this.#connection
    this.#leave()
    connection?.abandon()
  }

  #leave(): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    this.#connection = undefined
    this.#body?.stop()
    this.#body = undefined
    upstream?.leave()
  }

  #end(status: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const nowMs = performance.now()
    this.#call.entry.stats.end(status, (nowMs - this.#startedMs) / 1000, nowMs)
  }
}

const ignore = (): void => undefined
