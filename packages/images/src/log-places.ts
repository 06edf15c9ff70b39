import type { Fault } from '@pushfn/model/errors'

/** A file of a function's handler. */
export interface HandlerFile {
  /** Relative to the handler's folder, as it is in the image. */
  path: string
  /** In the repository. */
  file: string
  bytes: Buffer
}

/** As many as a forge annotates at once. */
const MAX_PLACES = 50
/** Longer lines are code, and no compiler's words. */
const MAX_LINE = 1_000
/** An error stands so close to the line that names its place. */
const NEAR_LINES = 10

/**
 * Where in the handler a log's errors are, as compilers and runtimes say it: `main.go:5:2: undefined: x` (Go, C, Rust),
 * `src/x.ts(3,5): error TS2322: …` (tsc), `at f (/home/app/function/handler.js:1:7)` (Node), `File "handler.py", line 3`
 * (Python). Only lines that the handler really has; of a stack trace the place nearest to the error.
 */
export const placesIn = (lines: readonly string[], files: readonly HandlerFile[]): Fault[] => {
  const log = lines.map((line) => line.slice(0, MAX_LINE))
  const found = new Map<string, Fault>()
  for (const [n, line] of log.entries()) {
    const mention = mentionIn(line)
    const file = mention && fileOf(mention.path, files)
    if (!mention || !file || mention.line > linesOf(file)) continue
    const error = mention.message ? n : errorNear(log, n, mention.isFrame)
    const place = {
      file: file.file,
      line: mention.line,
      ...(mention.column !== undefined && { column: mention.column }),
    }
    const fault = { message: mention.message || (error === undefined ? line : log[error] || line).trim(), place }
    const key = error === undefined ? `${place.file}:${place.line}` : `error ${error}`
    // Python names the innermost call last, all others first.
    if (mention.isLastBest || !found.has(key)) found.set(key, fault)
  }
  return [...found.values()].slice(0, MAX_PLACES)
}

interface Mention {
  path: string
  line: number
  column?: number
  message: string
  /** One call of a stack trace: its error stands above. */
  isFrame: boolean
  isLastBest: boolean
}

const PYTHON = /^\s*File "(?<path>[^"]{1,255})", line (?<line>\d{1,7})/
/** Begins with the end of a name: whoever made it begin with the whole one would try every beginning. */
const OTHERS = /\.\w{1,16}[:(](?<line>\d{1,7})(?:[:,](?<column>\d{1,7}))?\)?(?<rest>.*)$/d

const mentionIn = (text: string): Mention | undefined => {
  const python = PYTHON.exec(text)?.groups
  const other = OTHERS.exec(text)
  const groups = python ?? other?.groups
  const path = python?.path ?? pathBefore(text, other?.indices?.groups?.line?.[0] ?? 0)
  const { line = '', column, rest = '' } = groups ?? {}
  if (!groups || Number(line) === 0) return undefined
  const message = /^\s*(?:[:-]\s*)?(?<said>\S.*)$/.exec(rest)?.groups?.said ?? ''
  if (/^warning\b/i.test(message)) return undefined
  const isFrame = /^\s*at\s/.test(text)
  return {
    path,
    line: Number(line),
    ...(Number(column) > 0 && { column: Number(column) }),
    message: isFrame || !/\p{L}/u.test(message) ? '' : message.trim(),
    isFrame,
    isLastBest: python !== undefined,
  }
}

/** The path that ends one character before `end`. */
const pathBefore = (text: string, end: number): string =>
  /[\w@+./-]+$/.exec(text.slice(Math.max(0, end - 256), Math.max(0, end - 1)))?.[0] ?? ''

/** The file that a path means: its end when it is a path of the image, its beginning cut off when a tool ran in a folder below. */
const fileOf = (path: string, files: readonly HandlerFile[]): HandlerFile | undefined => {
  const named = `/${path.replace(/^(?:\.?\/)+/, '')}`
  const fitting = files.filter((file) => named.endsWith(`/${file.path}`))
  const [longest] = fitting.toSorted((one, other) => other.path.length - one.path.length)
  if (longest) return longest
  const [only, second] = files.filter((file) => `/${file.path}`.endsWith(named))
  return second ? undefined : only
}

const linesOf = ({ bytes }: HandlerFile): number => {
  let lines = 1
  for (const byte of bytes) if (byte === 0x0a) lines += 1
  return lines
}

/** The line that says what is wrong: below the place, and for a call in a stack trace above it. */
const errorNear = (log: readonly string[], n: number, isFrame: boolean): number | undefined => {
  const isError = (at: number) => /^\s*(?:[\w.]*(?:Error|Exception)|error)\b/.test(log[at] ?? '')
  const distances = Array.from({ length: NEAR_LINES }, (_, index) => index + 1)
  const below = distances.map((distance) => n + distance)
  const above = distances.map((distance) => n - distance)
  return (isFrame ? [...above, ...below] : [...below, ...above]).find(isError)
}
