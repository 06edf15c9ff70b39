import { CR, hexValue, LF, SEMICOLON } from './characters.ts'
import { FieldReader } from './field-reader.ts'
import { malformed } from './wire-error.ts'

// Where the reader stands.
const SIZE_START = 0
const SIZE = 1
const EXTENSION = 2
const SIZE_END = 3
const DATA = 4
const DATA_CR = 5
const DATA_LF = 6
const TRAILERS = 7

/** 2⁵² and more would not be counted exactly. */
const MAX_SIZE_DIGITS = 13
/** Of one chunk; nobody here understands any, but what is none could be read in another way elsewhere. */
const MAX_EXTENSION_BYTES = 1_024
const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/

/** Takes the pieces of a body: bytes that are the reader's own and are overwritten after the call. */
export type TakePiece = (bytes: Buffer, from: number, to: number) => void

/**
 * Takes a chunked body apart (RFC 9112 §7.1), in as many pieces as it comes. Strict: a size is hexadecimal digits and
 * nothing else, lines end with CR and LF, extensions are bounded, checked and ignored.
 */
export class ChunkReader {
  readonly #trailers = new FieldReader()
  #state = SIZE_START
  #size = 0
  #digits = 0
  #extensions = ''

  begin(): void {
    this.#state = SIZE_START
  }

  /** Reads on from `from`. Gives the index behind the body, or -1 when it goes on. Throws WireError for what is no chunk. */
  read(bytes: Buffer, from: number, to: number, take: TakePiece): number {
    let at = from
    while (at < to) {
      if (this.#state === DATA) {
        const end = Math.min(to, at + this.#size)
        this.#size -= end - at
        if (this.#size === 0) this.#state = DATA_CR
        take(bytes, at, end)
        at = end
      } else if (this.#state === TRAILERS) {
        return this.#trailers.read(bytes, at, to)
      } else {
        // Inside the buffer by the loop's bound.
        this.#takeByte(bytes[at] as number)
        at += 1
      }
    }
    return -1
  }

  /** Names in lower case and values, flat. Throws WireError where they would frame the body anew. */
  trailers(): string[] {
    const fields = this.#trailers.fields()
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === 'content-length' || fields[i] === 'transfer-encoding') throw malformed('framing in a trailer')
    }
    return fields
  }

  #takeByte(byte: number): void {
    switch (this.#state) {
      case SIZE_START:
        this.#size = 0
        this.#digits = 0
        this.#state = SIZE
        this.#takeDigit(byte)
        break
      case SIZE:
        if (byte === CR) this.#state = SIZE_END
        else if (byte === SEMICOLON) {
          this.#state = EXTENSION
          this.#extensions = ';'
        } else this.#takeDigit(byte)
        break
      case EXTENSION:
        if (byte !== CR) this.#extensions += String.fromCharCode(byte)
        else if (!EXTENSIONS.test(this.#extensions)) throw malformed('a chunk extension that is none')
        else this.#state = SIZE_END
        if (this.#extensions.length > MAX_EXTENSION_BYTES) throw malformed('a chunk extension without end')
        break
      case SIZE_END:
        if (byte !== LF) throw malformed('a chunk size without its line feed')
        this.#state = this.#size === 0 ? TRAILERS : DATA
        if (this.#size === 0) this.#trailers.begin()
        break
      case DATA_CR:
        if (byte !== CR) throw malformed('a chunk that is longer than it says')
        this.#state = DATA_LF
        break
      default:
        if (byte !== LF) throw malformed('a chunk without its line feed')
        this.#state = SIZE_START
    }
  }

  #takeDigit(byte: number): void {
    const value = hexValue(byte)
    this.#digits += 1
    if (value === -1) throw malformed('a chunk size that is no number')
    if (this.#digits > MAX_SIZE_DIGITS) throw malformed('a chunk size beyond all bounds')
    this.#size = this.#size * 16 + value
  }
}
