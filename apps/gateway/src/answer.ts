import type { ServerResponse } from 'node:http'
import { trailerPairs } from './headers.ts'

/** Below this a body joins the head in one string, and so in one write. */
const SMALL_BODY_BYTES = 2_048

/**
 * An answer on its way to the caller. Its first piece waits for the end of the read that brought it: most answers end
 * with that read, and then leave in one write with their head.
 */
export class Answer {
  /** Whether the head has gone to the caller, or is about to. */
  hasBegun = false
  readonly #res: ServerResponse
  #held: string | Buffer | undefined
  #isFlushed = false

  constructor(res: ServerResponse) {
    this.#res = res
  }

  begin(status: number, headers: string[]): void {
    this.hasBegun = true
    this.#res.writeHead(status, headers)
  }

  /** Takes a copy of the bytes. Returns false when the caller takes no more for now. */
  take(bytes: Buffer, from: number, to: number): boolean {
    const isSmall = to - from < SMALL_BODY_BYTES
    if (!this.#isFlushed && this.#held === undefined) {
      this.#held = isSmall ? bytes.toString('latin1', from, to) : Buffer.from(bytes.subarray(from, to))
      return true
    }
    this.flush()
    return this.#res.write(Buffer.from(bytes.subarray(from, to)))
  }

  /** Lets go of what was held. Returns false when the caller takes no more for now. */
  flush(): boolean {
    if (this.#isFlushed || !this.hasBegun) return true
    this.#isFlushed = true
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return this.#res.write(held, 'latin1')
    this.#res.flushHeaders()
    return true
  }

  end(trailers: readonly string[] | undefined): void {
    if (trailers) this.#res.addTrailers(trailerPairs(trailers))
    if (this.#held === undefined) this.#res.end()
    else this.#res.end(this.#held, 'latin1')
  }

  /** The head is out already: all that is left is to let the caller see that the rest is missing. */
  cut(): void {
    this.#res.destroy()
  }
}
