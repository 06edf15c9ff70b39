import { ChunkReader, type TakePiece } from './chunk-reader.ts'
import { FieldReader } from './field-reader.ts'
import { StatusReader } from './status-reader.ts'
import { malformed } from './wire-error.ts'

/** The head of an answer. */
export interface AnswerHead {
  status: number
  /** Names in lower case and values, flat, in order and with repetitions. */
  fields: string[]
  /** What the body's framing says of its length; undefined for chunks and for a body that ends with the connection. */
  contentLength: number | undefined
  hasBody: boolean
}

/** Whom the reader tells. The bytes of `onBody` are valid during the call only. */
export interface AnswerSink {
  /** 1xx other than 101. */
  onInformation(head: AnswerHead): void
  onHead(head: AnswerHead): void
  /** A 101 that was asked for: what follows is no HTTP. */
  onUpgrade(head: AnswerHead): void
  onBody: TakePiece
}

/** What to know of the request to read its answer. */
export interface Asked {
  isHead: boolean
  mayUpgrade: boolean
}

// What is read next.
const STATUS = 0
const FIELDS = 1
const BODY_BY_LENGTH = 2
const BODY_BY_CHUNKS = 3
const BODY_BY_CLOSE = 4
const DONE = 5
const UPGRADED = 6

const MAX_INFORMATIONS = 16
const LENGTH = /^\d{1,15}$/

/**
 * Reads the answers of one connection (RFC 9112), one after the other, in as many pieces as they come. A function is as
 * hostile as anybody: whatever could be read in two ways is a WireError, after which the connection is of no more use.
 */
export class AnswerReader {
  /** Whether the connection may serve another call after this answer, by what the answer says. */
  mayPersist = false
  /** Trailers of an answer that is done, flat; undefined when there are none. */
  trailers: string[] | undefined
  readonly #status = new StatusReader()
  readonly #fields = new FieldReader()
  readonly #chunks = new ChunkReader()
  #phase = DONE
  #asked: Asked = { isHead: false, mayUpgrade: false }
  #remaining = 0
  #informations = 0

  begin(asked: Asked): void {
    this.#asked = asked
    this.#informations = 0
    this.#beginHead()
  }

  get isDone(): boolean {
    return this.#phase === DONE
  }

  /** Whether a byte of an answer has come. */
  get hasBegun(): boolean {
    return this.#phase !== STATUS || this.#informations > 0 || this.#status.hasBegun
  }

  /** Reads on and gives the index it came to: less than `to` only when the answer is done, or has become an upgrade. */
  read(bytes: Buffer, to: number, sink: AnswerSink): number {
    let at = 0
    while (at < to && this.#phase < DONE) at = this.#step(bytes, at, to, sink)
    return at
  }

  /** The connection has ended. Returns whether the answer is whole by that. */
  end(): boolean {
    if (this.#phase === BODY_BY_CLOSE) this.#phase = DONE
    return this.#phase === DONE
  }

  /** Tells nothing more of this answer. */
  abandon(): void {
    this.#phase = DONE
  }

  #beginHead(): void {
    this.#phase = STATUS
    this.trailers = undefined
    this.#status.begin()
  }

  /** One part of the answer: gives the index behind it, or `to` when it goes on in the next piece. */
  #step(bytes: Buffer, from: number, to: number, sink: AnswerSink): number {
    switch (this.#phase) {
      case STATUS: {
        const end = this.#status.read(bytes, from, to)
        if (end === -1) return to
        this.#fields.begin()
        this.#phase = FIELDS
        return end
      }
      case FIELDS: {
        const end = this.#fields.read(bytes, from, to)
        if (end === -1) return to
        this.#takeHead(sink)
        return end
      }
      case BODY_BY_LENGTH: {
        const end = Math.min(to, from + this.#remaining)
        this.#remaining -= end - from
        if (this.#remaining === 0) this.#phase = DONE
        sink.onBody(bytes, from, end)
        return end
      }
      case BODY_BY_CHUNKS: {
        const end = this.#chunks.read(bytes, from, to, (piece, start, stop) => sink.onBody(piece, start, stop))
        if (end === -1) return to
        const trailers = this.#chunks.trailers()
        this.trailers = trailers.length === 0 ? undefined : trailers
        this.#phase = DONE
        return end
      }
      default:
        sink.onBody(bytes, from, to)
        return to
    }
  }

  #takeHead(sink: AnswerSink): void {
    const head = this.#frame(this.#status.status, this.#fields.fields())
    if (head.status >= 200) sink.onHead(head)
    else if (this.#status.minor === 0) throw malformed('an interim answer in HTTP/1.0')
    else if (head.status === 101) {
      if (!this.#asked.mayUpgrade) throw malformed('an upgrade that was not asked for')
      this.#phase = UPGRADED
      sink.onUpgrade(head)
    } else {
      this.#informations += 1
      if (this.#informations > MAX_INFORMATIONS) throw malformed('interim answers without end')
      this.#beginHead()
      sink.onInformation(head)
    }
  }

  /** How long the body is and how it ends (RFC 9112 §6.3). */
  #frame(status: number, fields: string[]): AnswerHead {
    let contentLength: number | undefined
    let isChunked = false
    let persists = this.#status.minor === 1
    for (let i = 0; i + 1 < fields.length; i += 2) {
      // The loop's bound keeps both inside the array.
      const value = fields[i + 1] as string
      switch (fields[i]) {
        case 'content-length':
          if (contentLength !== undefined || !LENGTH.test(value)) throw malformed('a length that is none, or two')
          contentLength = Number(value)
          break
        case 'transfer-encoding':
          if (isChunked || value.toLowerCase() !== 'chunked' || this.#status.minor === 0) {
            throw malformed('a transfer encoding other than chunked')
          }
          isChunked = true
          break
        case 'connection':
          if (/\bclose\b/i.test(value)) persists = false
      }
    }
    if (isChunked && contentLength !== undefined) throw malformed('a length beside chunks')
    const hasBody = !this.#asked.isHead && status >= 200 && status !== 204 && status !== 304
    this.#remaining = contentLength ?? 0
    if (!hasBody || contentLength === 0) this.#phase = DONE
    else if (isChunked) {
      this.#phase = BODY_BY_CHUNKS
      this.#chunks.begin()
    } else if (contentLength === undefined) this.#phase = BODY_BY_CLOSE
    else this.#phase = BODY_BY_LENGTH
    this.mayPersist = persists && this.#phase !== BODY_BY_CLOSE
    return { status, fields, contentLength, hasBody }
  }
}
