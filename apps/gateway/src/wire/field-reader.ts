import { COLON, CR, isNameByte, isTextByte, LF, SPACE, TAB } from './characters.ts'
import { malformed } from './wire-error.ts'

/** The most that a function may send as one head or as one section of trailers. */
export const MAX_SECTION_BYTES = 65_536
export const MAX_FIELDS = 200

// Where the reader stands within the section.
const LINE_START = 0
const NAME = 1
const BEFORE_VALUE = 2
const VALUE = 3
const LINE_END = 4
const LAST_LINE_END = 5

/** Marks per field: where its name begins and ends, where its value begins and ends. */
const MARKS = 4

/**
 * Reads field lines up to the empty line that ends them (RFC 9112 §5), in as many pieces as they come. Strict: CR and LF
 * only together, no folded lines, no space before the colon, no control characters. Bytes are looked at once; of a
 * section that comes in one piece only one string is made, of which names and values are parts.
 */
export class FieldReader {
  #state = LINE_START
  #text = ''
  #length = 0
  #fields = 0
  #valueEnd = 0
  readonly #marks = new Uint32Array(MARKS * MAX_FIELDS)

  begin(): void {
    this.#state = LINE_START
    this.#text = ''
    this.#length = 0
    this.#fields = 0
  }

  /**
   * Reads on from `from`. Gives the index behind the section, or -1 when it goes on in the next piece. Throws WireError
   * for what no field line may hold.
   */
  read(bytes: Buffer, from: number, to: number): number {
    const shift = this.#length - from
    const marks = this.#marks
    let state = this.#state
    let mark = this.#fields * MARKS
    for (let i = from; i < to; i += 1) {
      // Inside the buffer by the loop's bound, here and below.
      let byte = bytes[i] as number
      switch (state) {
        case LINE_START:
          if (byte === CR) {
            state = LAST_LINE_END
            break
          }
          if (isNameByte[byte] === 0) throw malformed('a line that begins with no field name')
          if (this.#fields === MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} fields`)
          marks[mark] = i + shift
          state = NAME
          break
        case NAME:
          while (isNameByte[byte] === 1 && i + 1 < to) byte = bytes[++i] as number
          if (isNameByte[byte] === 1) break
          if (byte !== COLON) throw malformed('a field name that does not end with a colon')
          marks[mark + 1] = i + shift
          state = BEFORE_VALUE
          break
        case BEFORE_VALUE:
          if (byte === SPACE || byte === TAB) break
          marks[mark + 2] = i + shift
          this.#valueEnd = i + shift
          state = VALUE
          // Looked at once more: it is the value's first byte, or already the line's end.
          i -= 1
          break
        case VALUE:
          while (isTextByte[byte] === 1) {
            // A tab behind a value stays there: Node's parser does not take `chunked<tab>` for `chunked`, so nor do we.
            if (byte !== SPACE) this.#valueEnd = i + shift + 1
            if (i + 1 === to) break
            byte = bytes[++i] as number
          }
          if (isTextByte[byte] === 1) break
          if (byte !== CR) throw malformed('a control character in a field')
          marks[mark + 3] = this.#valueEnd
          state = LINE_END
          break
        case LINE_END:
          if (byte !== LF) throw malformed('a carriage return without its line feed')
          this.#fields += 1
          mark += MARKS
          state = LINE_START
          break
        default:
          if (byte !== LF) throw malformed('a carriage return without its line feed')
          this.#keep(bytes, from, i + 1)
          return i + 1
      }
    }
    this.#state = state
    this.#keep(bytes, from, to)
    return -1
  }

  /** Names in lower case and values, flat, as they came. */
  fields(): string[] {
    const text = this.#text
    const marks = this.#marks
    const fields: string[] = []
    for (let mark = 0; mark < this.#fields * MARKS; mark += MARKS) {
      fields.push(text.slice(marks[mark], marks[mark + 1]).toLowerCase(), text.slice(marks[mark + 2], marks[mark + 3]))
    }
    return fields
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#length += to - from
    if (this.#length > MAX_SECTION_BYTES) throw malformed(`fields of more than ${MAX_SECTION_BYTES} bytes`)
    const piece = bytes.toString('latin1', from, to)
    this.#text = this.#text === '' ? piece : this.#text + piece
  }
}
