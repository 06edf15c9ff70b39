import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml'
import type { Fault, Place } from './errors.ts'
import { plain } from './quote.ts'

/** Bytes a YAML file of a tenant may have. */
export const MAX_YAML_BYTES = 64 * 1024

/** Lists and maps inside one another. A stack.yml needs five; the composer recurses, so that thousands would end it. */
const MAX_DEPTH = 32

/** Words and signs in a file: what bounds the time, since the worst of texts makes a fault of every sign. */
const MAX_LEXEMES = 24_000

const MAX_SYNTAX_FAULTS = 20

export interface YamlDocument {
  document: Document.Parsed
  placeAt: (offset: number) => Place & { line: number; column: number }
}

/**
 * A tenant's text as one YAML document whose size and nesting are bounded before anything recurses. Nothing is made of
 * its nodes yet: aliases are not followed, keys not compared (the library compares each with each), merge keys not
 * merged. `document.contents` is null for a file that holds nothing.
 */
export const yamlDocument = (text: string, file: string): YamlDocument | { faults: Fault[] } => {
  if (text.length > MAX_YAML_BYTES || new TextEncoder().encode(text).length > MAX_YAML_BYTES) {
    return { faults: [{ message: `the file is larger than ${MAX_YAML_BYTES / 1024} KiB`, place: { file } }] }
  }
  const lines = new LineCounter()
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  return withoutStackTraces(() => composed(text, lines, placeAt))
}

const composed = (
  text: string,
  lines: LineCounter,
  placeAt: YamlDocument['placeAt'],
): YamlDocument | { faults: Fault[] } => {
  const tokens = boundedTokens(text, lines)
  if ('message' in tokens) return { faults: [{ message: tokens.message, place: placeAt(tokens.offset) }] }
  const composer = new Composer({ schema: 'core', merge: false, strict: true, uniqueKeys: false })
  const [document, second] = composer.compose(tokens, true, text.length)
  if (!document) throw new Error('the YAML composer gave no document though one is forced')
  const faults = document.errors.slice(0, MAX_SYNTAX_FAULTS).map((error) => ({
    message: `the file is no valid YAML here: ${plain(error.message, 160)}${MENDS[error.code] ?? ''}`,
    place: placeAt(error.pos[0]),
  }))
  if (second) {
    const message = 'a second YAML document begins here: only one is read, take the “---” and what follows away'
    faults.push({ message, place: placeAt(second.range[0]) })
  }
  return faults.length > 0 ? { faults } : { document, placeAt }
}

/**
 * The library makes an Error of every fault, and a hostile text has thousands: recording where in the library each was
 * made takes four times as long as all the rest (200 ms against 50 for 60 KiB), and nobody reads it.
 */
const withoutStackTraces = <T>(work: () => T): T => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The parser keeps what it is inside of on a stack of its own: to watch that is to measure the nesting. */
const boundedTokens = (text: string, lines: LineCounter): CST.Token[] | { message: string; offset: number } => {
  const parser = new Parser(lines.addNewLine)
  const tokens: CST.Token[] = []
  let count = 0
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    const { offset } = parser
    if (parser.stack.length > MAX_DEPTH) {
      return { message: `more than ${MAX_DEPTH} lists and maps stand inside one another: take some away`, offset }
    }
    count += 1
    if (count > MAX_LEXEMES) return { message: `the file has more than ${MAX_LEXEMES} words and signs`, offset }
  }
  tokens.push(...parser.end())
  return tokens
}

const MENDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: ' (indent with spaces)',
  BLOCK_AS_IMPLICIT_KEY: ' (a second “: ” on the line? put the value in quotes)',
  MULTILINE_IMPLICIT_KEY: ' (is a “:” missing, or the indent wrong?)',
}
