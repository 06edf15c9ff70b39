import type { IncomingMessage } from 'node:http'
import { requestTrailers } from './headers.ts'
import type { Connection } from './wire/connection.ts'

/** Who is told how the body fares. */
export interface BodyOwner {
  onBodyMoved(): void
  onBodySent(): void
  onBodyTooLarge(): void
}

/**
 * A caller's body on its way to one replica, framed as it came: passes pieces on as they come and no faster than they
 * are taken, and counts them.
 */
export class RequestBody {
  isSent = false
  /** Whether the function takes no more for now. */
  isBlocked = false
  readonly #from: IncomingMessage
  readonly #to: Connection
  readonly #maxBytes: number
  readonly #owner: BodyOwner
  readonly #isChunked: boolean
  #bytes = 0

  constructor(from: IncomingMessage, to: Connection, maxBytes: number, owner: BodyOwner) {
    this.#from = from
    this.#to = to
    this.#maxBytes = maxBytes
    this.#owner = owner
    this.#isChunked = from.headers['content-length'] === undefined
    from.on('data', this.#onData).on('end', this.#onEnd)
  }

  /** The function takes more again. */
  onDrain(): void {
    if (!this.isBlocked) return
    this.isBlocked = false
    this.#from.resume()
  }

  /** Sends nothing more; what the caller still says is left to whoever answers it. */
  stop(): void {
    this.#from.off('data', this.#onData).off('end', this.#onEnd)
  }

  readonly #onData = (piece: Buffer): void => {
    this.#bytes += piece.length
    if (this.#bytes > this.#maxBytes) {
      this.stop()
      this.#owner.onBodyTooLarge()
      return
    }
    this.#owner.onBodyMoved()
    if (this.#write(piece)) return
    this.isBlocked = true
    this.#from.pause()
  }

  #write(piece: Buffer): boolean {
    if (!this.#isChunked) return this.#to.write(piece)
    this.#to.gather()
    this.#to.writeText(`${piece.length.toString(16)}\r\n`)
    this.#to.write(piece)
    return this.#to.writeText('\r\n')
  }

  readonly #onEnd = (): void => {
    this.isSent = true
    if (this.#isChunked) this.#to.writeText(`0\r\n${requestTrailers(this.#from.rawTrailers)}\r\n`)
    this.#owner.onBodySent()
  }
}
