import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/**
 * A caller's body on its way to one replica: passes chunks on as they come and no faster than they are taken, counts
 * them, and fails at the limit. It stands between the two sockets because the proxy's client destroys the stream it was
 * given, and destroying the request itself would cut the caller off before it has been told why.
 */
export class RequestBody extends Readable {
  readonly #from: IncomingMessage
  readonly #maxBytes: number
  readonly #onWanted: () => void
  #bytes = 0
  #isWanted = false

  /** `onWanted` is called once, when a replica is there to take the first byte. */
  constructor(from: IncomingMessage, options: { maxBytes: number; onWanted: () => void }) {
    super({ autoDestroy: true })
    this.#from = from
    this.#maxBytes = options.maxBytes
    this.#onWanted = options.onWanted
  }

  override _read(): void {
    if (!this.#isWanted) {
      this.#isWanted = true
      this.#from.on('data', this.#onData).on('end', this.#onEnd)
      this.#onWanted()
    }
    this.#from.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#from.off('data', this.#onData).off('end', this.#onEnd)
    if (!this.#from.complete) this.#from.pause()
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) this.destroy(new BodyTooLargeError())
    else if (!this.push(chunk)) this.#from.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }
}
