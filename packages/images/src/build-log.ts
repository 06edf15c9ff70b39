import { StringDecoder } from 'node:string_decoder'
import type { Trace } from './build-trace.ts'

export interface BuildLog {
  write(trace: Trace): void
  /** Every step that a tenant's Dockerfile names came from the cache. */
  isCached(): boolean
  /** The last lines that steps wrote, without their numbers. */
  tail(): readonly string[]
  /** More of them, to look for errors in. */
  recent(): readonly string[]
  /** The step that failed, as written: `RUN npm ci`. */
  failedStep(): string | undefined
}

const TAIL_LINES = 20
const KEPT_LINES = 500
const MAX_LINE = 4_096

interface Step {
  /** In the order in which steps begin; 0 before. */
  number: number
  name: string
  isCached: boolean
  isFailed: boolean
  decoder: StringDecoder
  partial: string
}

/**
 * Makes lines of BuildKit's traces, as `docker build --progress=plain` has them: `#2 RUN npm ci` when a step begins,
 * `#2 added 3 packages` for what it writes, `#2 CACHED`. Beyond `maxBytes` one line says that the rest is not shown.
 */
export const createBuildLog = (onLine: (line: string) => void, maxBytes: number): BuildLog => {
  const steps = new Map<string, Step>()
  const recent: string[] = []
  let bytes = 0
  let isCut = false
  let begun = 0

  const emit = (line: string) => {
    if (isCut) return
    bytes += Buffer.byteLength(line) + 1
    isCut = bytes > maxBytes
    onLine(isCut ? `… the log has more than ${maxBytes} bytes: the rest is not shown, the build goes on` : line)
  }
  const output = (step: Step, text: string) => {
    const line = printable(text)
    if (line === '') return
    if (recent.push(line) > KEPT_LINES) recent.shift()
    emit(`#${step.number} ${line}`)
  }
  const end = (step: Step) => {
    output(step, step.partial + step.decoder.end())
    step.partial = ''
  }

  return {
    write: (trace) => {
      for (const vertex of trace.vertexes) {
        if (!isStep(vertex.name)) continue
        const step = steps.get(vertex.digest) ?? newStep(vertex.name)
        steps.set(vertex.digest, step)
        if (step.number === 0 && vertex.started) {
          begun += 1
          step.number = begun
          emit(`#${step.number} ${step.name}`)
        }
        if (vertex.cached && !step.isCached) {
          step.isCached = true
          emit(`#${step.number} CACHED`)
        }
        if (vertex.completed) end(step)
        if (vertex.error !== '' && !/context canceled/.test(vertex.error)) step.isFailed = true
      }
      for (const { vertex, msg } of trace.logs) {
        const step = steps.get(vertex)
        if (!step) continue
        const lines = (step.partial + step.decoder.write(Buffer.from(msg))).split('\n')
        step.partial = lines.pop() ?? ''
        for (const line of lines) output(step, line)
        if (step.partial.length > MAX_LINE) end(step)
      }
    },
    isCached: () => [...steps.values()].every((step) => step.isCached || step.name.startsWith('FROM ')),
    tail: () => recent.slice(-TAIL_LINES),
    recent: () => recent,
    failedStep: () => [...steps.values()].find((step) => step.isFailed)?.name,
  }
}

/** Steps of the Dockerfile are named `[stage 2/5] RUN …`; the others are the builder's own. */
const STEP = /^\[(?!internal\])[^\]]*\] /

const isStep = (name: string): boolean => STEP.test(name)

const newStep = (name: string): Step => ({
  number: 0,
  name: name.replace(STEP, ''),
  isCached: false,
  isFailed: false,
  decoder: new StringDecoder('utf8'),
  partial: '',
})

/** What a terminal would show at last of a line that is written over; without control characters but colours and tabs. */
const printable = (text: string): string => {
  const shown = text.replace(/\r+$/, '').split('\r').at(-1) ?? ''
  const clean = [...shown]
    .filter((character) => character >= ' ' || character === '\t' || character === '\u001b')
    .join('')
  return clean.length > MAX_LINE ? `${clean.slice(0, MAX_LINE)}…` : clean.trimEnd()
}
