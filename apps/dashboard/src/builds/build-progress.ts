import type { BuildEvent } from '@pushfn/model/build-event'
import type { BuildState } from '@pushfn/model/build-state'

type FunctionEvent = Extract<BuildEvent, { kind: 'function' }>
type LogEvent = Extract<BuildEvent, { kind: 'log' }>

export interface LogLine {
  id: string
  text: string
  level: LogEvent['level']
  function: string | undefined
}

export interface FunctionProgress {
  name: string
  status: FunctionEvent['status']
  url: string | undefined
  ms: number | undefined
  reason: string | undefined
}

/** What a build's events say so far. Never changed: each batch of events makes a new one. */
export interface BuildProgress {
  /** Of the last event seen. */
  lastId: string | undefined
  state: BuildState | undefined
  reason: string | undefined
  /** When each state began, in milliseconds since the epoch. */
  since: Readonly<Partial<Record<BuildState, number>>>
  functions: readonly FunctionProgress[]
  /** The log in pieces of at most `LINES_A_CHUNK`: only the last piece ever changes, so only it is drawn again. */
  chunks: readonly (readonly LogLine[])[]
}

const LINES_A_CHUNK = 200

export const NOTHING_YET: BuildProgress = {
  lastId: undefined,
  state: undefined,
  reason: undefined,
  since: {},
  functions: [],
  chunks: [],
}

/** The progress after these events too. Events that were seen already change nothing. */
export const withEvents = (before: BuildProgress, events: readonly BuildEvent[]): BuildProgress => {
  const lines: LogLine[] = []
  let progress = before
  for (const event of events) {
    if (!isBehind(event.id, progress.lastId)) continue
    if (isNewAttempt(event.id, progress.lastId)) {
      lines.push(retryLine(event.id))
      progress = { ...progress, since: {}, functions: [], reason: undefined }
    }
    progress = { ...progress, lastId: event.id }
    if (event.kind === 'log') lines.push({ ...event, function: event.function })
    if (event.kind === 'function') progress = { ...progress, functions: withFunction(progress.functions, event) }
    if (event.kind === 'state') {
      progress = {
        ...progress,
        state: event.state,
        reason: event.reason,
        since: { ...progress.since, [event.state]: progress.since[event.state] ?? event.at },
      }
    }
  }
  return lines.length > 0 ? { ...progress, chunks: withLines(progress.chunks, lines) } : progress
}

const attemptAndNumber = (id: string): [number, number] => {
  const [attempt = 0, n = 0] = id.split('-').map(Number)
  return [attempt, n]
}

const isBehind = (id: string, last: string | undefined): boolean => {
  if (last === undefined) return true
  const [attempt, n] = attemptAndNumber(id)
  const [lastAttempt, lastN] = attemptAndNumber(last)
  return attempt > lastAttempt || (attempt === lastAttempt && n > lastN)
}

const isNewAttempt = (id: string, last: string | undefined): boolean =>
  last !== undefined && attemptAndNumber(id)[0] > attemptAndNumber(last)[0]

const retryLine = (id: string): LogLine => ({
  id: `retry-${id}`,
  text: 'The build was taken up again from its beginning.',
  level: 'warning',
  function: undefined,
})

const withFunction = (functions: readonly FunctionProgress[], event: FunctionEvent): readonly FunctionProgress[] => {
  const there = functions.find((fn) => fn.name === event.function)
  const next: FunctionProgress = {
    name: event.function,
    status: event.status,
    url: event.url ?? there?.url,
    ms: event.ms ?? there?.ms,
    reason: event.reason,
  }
  return there ? functions.map((fn) => (fn === there ? next : fn)) : [...functions, next]
}

const withLines = (chunks: BuildProgress['chunks'], lines: readonly LogLine[]): BuildProgress['chunks'] => {
  const last = chunks.at(-1)
  const isOpen = last !== undefined && last.length < LINES_A_CHUNK
  const full = isOpen ? chunks.slice(0, -1) : chunks
  const tail = isOpen ? [...last, ...lines] : lines
  const pieces: (readonly LogLine[])[] = []
  for (let from = 0; from < tail.length; from += LINES_A_CHUNK) pieces.push(tail.slice(from, from + LINES_A_CHUNK))
  return [...full, ...pieces]
}
