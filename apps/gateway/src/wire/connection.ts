import { connect, type Socket } from 'node:net'
import { AnswerReader, type AnswerSink, type Asked } from './answer-reader.ts'
import type { Clock, Timed } from './clock.ts'
import { WireError, type WireFault } from './wire-error.ts'

/** Who uses a connection for one call. All is told synchronously, in this order: ready, informations, head, body, done. */
export interface ConnectionUser extends AnswerSink {
  readonly asked: Asked
  /** The connection is there: what is written from now on leaves. */
  onReady(): void
  /** All bytes of one read were told. */
  onReadEnd(): void
  /** What was written has left; more may follow. */
  onDrain(): void
  /** The answer is whole. `mayPersist`: nothing speaks against another call on this connection. */
  onDone(trailers: string[] | undefined, mayPersist: boolean): void
  /** The call has failed, and the connection is closed. `hasAnswered`: a byte of an answer had come. */
  onFailed(error: WireError, hasAnswered: boolean): void
}

/** Who uses a connection that is no HTTP any more. The bytes are valid during the call only. */
export interface PipeUser {
  onBytes(bytes: Buffer, from: number, to: number): void
  onDrain(): void
  onClosed(): void
}

export interface ConnectionOptions {
  host: string
  port: number
  clock: Clock
  owner: ConnectionOwner
}

export interface ConnectionOwner {
  /** Told once when the connection is of no more use, whoever ended it. */
  onConnectionClosed(connection: Connection): void
}

const CONNECT_TIMEOUT_MS = 3_000
/** Shorter than the 5 s after which Node's servers close an idle connection, so that we are the first to let go. */
const IDLE_MS = 4_000

/**
 * Every connection reads into this one. A read and what is done with it are one synchronous step, so that no other read
 * can come between; who wants to keep bytes copies them.
 */
const scratch = Buffer.allocUnsafeSlow(65_536)

/**
 * One TCP connection to a function, with one call on it at a time. It tells exactly how far a call has come: before
 * `onReady` nothing was sent, and a failure says whether a byte had come back.
 */
export class Connection implements Timed {
  dueMs: number
  isEstablished = false
  isClosed = false
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #reader = new AnswerReader()
  #user: ConnectionUser | undefined
  #pipe: PipeUser | undefined
  #isPaused = false
  #patienceMs = CONNECT_TIMEOUT_MS
  #patienceEndsIn: WireFault = 'unreachable'
  /** When the call on it must be over, whatever moves. */
  #lastMs = Number.POSITIVE_INFINITY
  #error: Error | undefined

  /** Connects at once. */
  constructor(options: ConnectionOptions) {
    const { host, port, clock } = options
    this.#options = options
    this.dueMs = clock.after(CONNECT_TIMEOUT_MS)
    clock.add(this)
    const onread = { buffer: scratch, callback: (length: number) => this.#onRead(length) }
    this.#socket = connect({ host, port, noDelay: true, onread })
      .on('connect', () => this.#onConnect())
      .on('drain', () => (this.#pipe ?? this.#user)?.onDrain())
      .on('end', () => this.#onEnd())
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => this.#onSocketClose())
  }

  /** Puts a call on the connection, which must be free. */
  use(user: ConnectionUser): void {
    this.#user = user
    this.#lastMs = Number.POSITIVE_INFINITY
    this.#reader.begin(user.asked)
    this.resume()
    if (this.isEstablished) user.onReady()
  }

  /** Waits for the next call, for a while. */
  rest(): void {
    this.#lastMs = Number.POSITIVE_INFINITY
    this.resume()
    this.watch(IDLE_MS, 'stalled')
  }

  /** The call fails with this fault unless it goes on within so long. */
  watch(ms: number, fault: WireFault): void {
    this.#patienceMs = ms
    this.#patienceEndsIn = fault
    this.touch()
  }

  /** Something has moved. */
  touch(): void {
    this.dueMs = Math.min(this.#options.clock.after(this.#patienceMs), this.#lastMs)
  }

  /** The call is over within so long, whatever moves, and so is what becomes of it by an upgrade. */
  endWithin(ms: number): void {
    this.#lastMs = this.#options.clock.after(ms)
    this.touch()
  }

  /** Writes text of single bytes. Returns false when the function takes no more for now: `onDrain` tells when it does. */
  writeText(text: string): boolean {
    return this.#socket.write(text, 'latin1')
  }

  /** As `writeText`; the bytes are the connection's from here on. */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  /** What is written until the end of this tick leaves together. */
  gather(): void {
    this.#socket.cork()
    process.nextTick(uncork, this.#socket)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }

  /** The call under way has become a pipe between two that speak no HTTP. */
  handOver(pipe: PipeUser): void {
    this.#user = undefined
    this.#pipe = pipe
  }

  /** Ends the call without a word, and the connection with it. */
  abandon(): void {
    this.#user = undefined
    this.#pipe = undefined
    this.#close()
  }

  /** Nothing more is written to a pipe; what the function still says is read. */
  endWriting(): void {
    this.#socket.end()
  }

  /** Ends a pipe once what was written has left. */
  endSoon(): void {
    this.#socket.destroySoon()
  }

  onDue(): void {
    const isOver = this.#lastMs <= this.#options.clock.nowMs
    const what = isOver ? 'it lasted too long' : `nothing came within ${this.#patienceMs} ms`
    if (this.#user) this.#fail(new WireError(this.#patienceEndsIn, what))
    else this.#close()
  }

  #onConnect(): void {
    this.isEstablished = true
    this.#user?.onReady()
  }

  #onRead(length: number): boolean {
    const user = this.#user
    if (user) this.#readAnswer(user, length)
    else if (this.#pipe) this.#readPipe(this.#pipe, 0, length)
    // A word that answers nothing: whatever it is, nobody may take it for an answer.
    else this.#close()
    return true
  }

  #readAnswer(user: ConnectionUser, length: number): void {
    if (this.#patienceEndsIn === 'stalled') this.touch()
    try {
      const end = this.#reader.read(scratch, length, user)
      if (this.#pipe && end < length) this.#readPipe(this.#pipe, end, length)
      if (this.#user !== user) return
      if (this.#reader.isDone) this.#done(user, end === length)
      else user.onReadEnd()
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#fail(error)
    }
  }

  #readPipe(pipe: PipeUser, from: number, to: number): void {
    this.touch()
    pipe.onBytes(scratch, from, to)
  }

  #done(user: ConnectionUser, isLastByte: boolean): void {
    this.#user = undefined
    user.onDone(this.#reader.trailers, isLastByte && this.#reader.mayPersist)
  }

  /** The function has closed its side. Only an answer without a length may end so. */
  #onEnd(): void {
    const user = this.#user
    if (user && this.#reader.end()) this.#done(user, false)
    else if (user) this.#fail(new WireError('lost', 'the other side closed'))
    else if (!this.#pipe) this.#close()
  }

  #onSocketClose(): void {
    const pipe = this.#pipe
    const cause = this.#error
    const fault = this.isEstablished ? 'lost' : 'unreachable'
    this.#fail(new WireError(fault, cause?.message ?? 'the other side closed', { cause }))
    this.#pipe = undefined
    pipe?.onClosed()
  }

  #fail(error: WireError): void {
    const user = this.#user
    const hasAnswered = this.#reader.hasBegun
    this.#user = undefined
    this.#close()
    user?.onFailed(error, hasAnswered)
  }

  #close(): void {
    this.#reader.abandon()
    this.#socket.destroy()
    if (this.isClosed) return
    this.isClosed = true
    this.#options.clock.delete(this)
    this.#options.owner.onConnectionClosed(this)
  }
}

const uncork = (socket: Socket): void => socket.uncork()
