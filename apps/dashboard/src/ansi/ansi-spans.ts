/** A run of characters of one look. */
export interface AnsiSpan {
  text: string
  /** One of the 16 colours of a terminal. */
  colour?: number
  isBold?: boolean
  isDim?: boolean
  isItalic?: boolean
  isUnderlined?: boolean
}

type Look = Omit<AnsiSpan, 'text'>

/**
 * A control sequence, or a control character that is no tab: SGR (its parameters are the group), other CSI, strings such
 * as OSC with their end, other escapes. A string without an end takes the rest of the line, as in a terminal.
 * Source: ECMA-48.
 */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\u001b\[|\u009b)(?:([0-9;:]*)m|[0-?]*[ -/]*[@-~]?)|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g

/**
 * One line of a log as runs of text. Of all that a terminal obeys only the 16 colours, bold, dim, italic and underline
 * are kept; grounds and free colours are dropped, so that no text can be made unreadable. Pure: the text comes out as it
 * is, and whoever shows it shows it as text.
 */
export const ansiSpans = (line: string): AnsiSpan[] => {
  const spans: AnsiSpan[] = []
  let look: Look = {}
  let from = 0
  const push = (text: string) => {
    if (text) spans.push({ text, ...look })
  }
  for (const match of line.matchAll(CONTROL)) {
    push(line.slice(from, match.index))
    from = match.index + match[0].length
    if (match[1] !== undefined) look = lookAfter(look, match[1])
  }
  push(line.slice(from))
  return spans
}

/** SGR parameters, those of free colours skipped with the numbers that belong to them. */
const lookAfter = (before: Look, parameters: string): Look => {
  let look = before
  const codes = parameters.split(';').map((code) => (code.includes(':') ? Number.NaN : Number(code)))
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] ?? 0
    if (code === 38 || code === 48) {
      const isIndexed = codes[n + 1] === 5
      const index = codes[n + 2] ?? 16
      if (code === 38 && isIndexed) look = index < 16 ? { ...look, colour: index } : without(look, 'colour')
      n += isIndexed ? 2 : 4
      continue
    }
    look = lookWith(look, code)
  }
  return look
}

const lookWith = (look: Look, code: number): Look => {
  if (code === 0) return {}
  if (code >= 30 && code <= 37) return { ...look, colour: code - 30 }
  if (code >= 90 && code <= 97) return { ...look, colour: code - 82 }
  switch (code) {
    case 1:
      return { ...look, isBold: true }
    case 2:
      return { ...look, isDim: true }
    case 3:
      return { ...look, isItalic: true }
    case 4:
      return { ...look, isUnderlined: true }
    case 22:
      return without(without(look, 'isBold'), 'isDim')
    case 23:
      return without(look, 'isItalic')
    case 24:
      return without(look, 'isUnderlined')
    case 39:
      return without(look, 'colour')
    default:
      return look
  }
}

const without = (look: Look, key: keyof Look): Look => {
  const { [key]: _, ...rest } = look
  return rest
}
