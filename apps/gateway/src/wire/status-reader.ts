import { CR, isTextByte, LF, SPACE } from './characters.ts'
import { malformed } from './wire-error.ts'

const MAX_STATUS_LINE_BYTES = 1_024
const VERSION = Buffer.from('HTTP/1.')
/** `HTTP/1.1 200` */
const CODE_END = VERSION.length + 5

/**
 * Reads a status line (RFC 9112 §4), in as many pieces as it comes. What speaks no HTTP/1 is found out by its first byte
 * that differs. A missing space behind the code is let pass, since many servers leave it out with the reason.
 */
export class StatusReader {
  status = 0
  minor = 0
  #at = 0
  #isEnding = false

  begin(): void {
    this.status = 0
    this.#at = 0
    this.#isEnding = false
  }

  get hasBegun(): boolean {
    return this.#at > 0
  }

  /** Gives the index behind the line, or -1 when it goes on in the next piece. Throws WireError for what is none. */
  read(bytes: Buffer, from: number, to: number): number {
    for (let i = from; i < to; i += 1) {
      // Inside the buffer by the loop's bound.
      const byte = bytes[i] as number
      if (this.#isEnding) {
        if (byte !== LF) throw malformed('a carriage return without its line feed')
        if (this.status < 100 || this.status > 599) throw malformed(`the status ${this.status}`)
        return i + 1
      }
      this.#take(byte)
      this.#at += 1
    }
    return -1
  }

  #take(byte: number): void {
    const at = this.#at
    if (at < VERSION.length) {
      if (byte !== VERSION[at]) throw malformed('what begins with no HTTP/1')
    } else if (at === VERSION.length) {
      if (byte !== 48 && byte !== 49) throw malformed('another version than HTTP/1.0 and HTTP/1.1')
      this.minor = byte - 48
    } else if (at > VERSION.length + 1 && at < CODE_END) {
      if (byte < 48 || byte > 57) throw malformed('a status that is no number')
      this.status = this.status * 10 + byte - 48
    } else if (byte === CR && at >= CODE_END) {
      this.#isEnding = true
    } else if (at <= CODE_END) {
      if (byte !== SPACE) throw malformed('a status line without its spaces')
    } else if (isTextByte[byte] === 0 || at > MAX_STATUS_LINE_BYTES) {
      throw malformed('a control character in the status line, or a line without end')
    }
  }
}
