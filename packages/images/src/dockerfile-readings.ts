/** Stands in a reading where a continuation joined two characters that are no spaces: BuildKit makes one word of them. */
export const JOINT = '\u0000'

export interface Reading {
  /** Counts from 1: the line on which it begins. */
  line: number
  /** What an instruction that begins there says, continuations taken out. */
  text: string
  /** Not all of it: it goes on for more lines than are read. */
  isCut: boolean
}

/**
 * For each line of a Dockerfile all that an instruction beginning on it may say to any BuildKit. They do not agree on what
 * continues a line (newer ones take `\\` at its end for no continuation), on comments within it, nor, by here-documents,
 * on where an instruction begins. Who checks all readings need not know which one will be built.
 */
export const dockerfileReadings = (content: string): Reading[] => {
  const lines = content.replace(/^\uFEFF/, '').split('\n')
  const physical = lines.map((line) => line.replace(/\r$/, ''))
  const rules = rulesFor(content)
  return physical.flatMap((text, at) => {
    if (!isWorthReading(text)) return []
    const texts = new Map(rules.map((rule) => readFrom(physical, at, rule)).map((reading) => [reading.text, reading]))
    return [...texts.values()]
  })
}

/** Instructions are long, but not so long. Each line is read as a beginning: without a bound that would be quadratic. */
const MAX_LINES = 50

interface Rule {
  continues: RegExp
  isComment: RegExp
}

/**
 * Only those that make a difference for this file. That newer BuildKits take two escapes at a line's end for none needs no
 * rule of its own: an escape is refused wherever it matters, and the next line is read as a beginning anyway.
 */
const rulesFor = (content: string): Rule[] => {
  const continues = /`[ \t]*\r?$/m.test(content) ? [/\\[ \t]*$/, /`[ \t]*$/] : [/\\[ \t]*$/]
  const comments = /^\s+#/m.test(content) ? [/^\s*#/, /^#/] : [/^#/]
  return continues.flatMap((each) => comments.map((isComment) => ({ continues: each, isComment })))
}

/** Neither a comment nor empty. */
const isWorthReading = (text: string): boolean => !/^[\s\u0085]*(#|$)/.test(text)

const readFrom = (physical: readonly string[], from: number, { continues, isComment }: Rule): Reading => {
  let text = ''
  let goesOn = true
  let at = from
  for (; goesOn && at < physical.length && at < from + MAX_LINES; at++) {
    const line = physical[at] ?? ''
    if (at > from && (isComment.test(line) || /^\s*$/.test(line))) continue
    goesOn = continues.test(line)
    text = joined(text, goesOn ? line.replace(continues, '') : line)
  }
  return { line: from + 1, text: text.replace(/^[\s\u0085]+|[\s\u0085]+$/g, ''), isCut: goesOn && at < physical.length }
}

const joined = (before: string, after: string): string =>
  before === '' || after === '' || /\s$/.test(before) || /^\s/.test(after) ? before + after : before + JOINT + after
