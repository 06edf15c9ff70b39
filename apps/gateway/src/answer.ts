import type { CallerResponse } from './caller-response.ts'
import { trailerPairs } from './headers.ts'

/** Below this a body joins the head in one string, and so in one write. */
const SMALL_BODY_BYTES = 2_048

/** The head of an answer as the caller is to get it. */
export interface AnswerStart {
  status: number
  /** Flat, names in lower case. */
  headers: string[]
  /** Whether a body follows whose length is not among the headers. */
  isLengthUnknown: boolean
}

/**
 * An answer on its way to the caller. Its head and its first piece wait for the end of the read that brought them: most
 * answers end with that read, and then leave in one write.
 */
export class Answer {
  readonly #res: CallerResponse
  #start: AnswerStart | undefined
  #held: string | Buffer | undefined
  #isFlushed = false

  constructor(res: CallerResponse) {
    this.#res = res
  }

  /** Whether the head has gone to the caller, or is about to. */
  get hasBegun(): boolean {
    return this.#start !== undefined
  }

  begin(start: AnswerStart): void {
    this.#start = start
  }

  /** Takes a copy of the bytes. Returns false when the caller takes no more for now. */
  take(bytes: Buffer, from: number, to: number): boolean {
    if (!this.#isFlushed && this.#held === undefined) {
      const isSmall = to - from < SMALL_BODY_BYTES
      this.#held = isSmall ? bytes.toString('latin1', from, to) : Buffer.from(bytes.subarray(from, to))
      return true
    }
    this.flush()
    return this.#res.write(Buffer.from(bytes.subarray(from, to)))
  }

  /** Lets go of what was held. Returns false when the caller takes no more for now. */
  flush(): boolean {
    const start = this.#start
    if (this.#isFlushed || start === undefined) return true
    this.#isFlushed = true
    this.#res.writeHead(start.status, start.headers)
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return this.#res.write(held, 'latin1')
    this.#res.flushHeaders()
    return true
  }

  end(trailers: readonly string[] | undefined): void {
    if (this.#isFlushed || trailers || !this.#endWhole()) this.#endPart(trailers)
  }

  /** Answers in one write, where that can be. */
  #endWhole(): boolean {
    const start = this.#start
    const held = this.#held ?? ''
    if (start === undefined || typeof held !== 'string' || !this.#res.mayAnswerWhole) return false
    if (start.headers.includes('trailer')) return false
    // All of it is here: what came in chunks may have a length now.
    if (start.isLengthUnknown) start.headers.push('content-length', String(held.length))
    this.#res.answerWhole(start.status, start.headers, held)
    return true
  }

  #endPart(trailers: readonly string[] | undefined): void {
    const start = this.#start
    if (!this.#isFlushed && start) this.#res.writeHead(start.status, start.headers)
    if (trailers) this.#res.addTrailers(trailerPairs(trailers))
    if (this.#held === undefined) this.#res.end()
    else this.#res.end(this.#held, 'latin1')
  }

  /** The head is out already: all that is left is to let the caller see that the rest is missing. */
  cut(): void {
    this.#res.destroy()
  }
}
