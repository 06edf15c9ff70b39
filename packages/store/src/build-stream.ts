import { BuildEvent, type BuildEventInput } from '@pushfn/model/build-event'
import { isTerminal } from '@pushfn/model/build-state'
import type { Bus } from './bus.ts'

/**
 * The live stream of a build: a Redis stream that keeps what was said and a channel that says it as it happens. Without
 * Redis nobody can watch live, but the build goes on and its log is stored at the end all the same.
 */
const KEPT_SECONDS = 3_600
const KEPT_EVENTS = 20_000

const streamKey = (cloud: string, buildId: string) => `${cloud}:build:${buildId}`

export interface BuildWriter {
  write(event: BuildEventInput): void
  /** Gives events their place in the stream without saying them yet; the same place is theirs when they are written. */
  draft(events: readonly BuildEventInput[]): BuildEvent[]
  /** What was written so far; of lines of log as many as make `KEPT_EVENTS`. */
  readonly events: readonly BuildEvent[]
  /** Resolves when all that was written is out (or could not be). */
  flush(): Promise<void>
}

/** Writes events of one attempt in order; lines that come in one turn of the event loop go out together. */
export const openBuildWriter = (
  bus: Bus,
  cloud: string,
  build: { id: string; attempt: number },
  onError: (err: Error) => void,
): BuildWriter => {
  const key = streamKey(cloud, build.id)
  const events: BuildEvent[] = []
  let waiting: BuildEvent[] = []
  let sent: Promise<void> = Promise.resolve()

  const send = async () => {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    const pipeline = bus.redis.pipeline()
    for (const event of batch) {
      const text = JSON.stringify(event)
      pipeline.xadd(key, 'MAXLEN', '~', KEPT_EVENTS, event.id, 'event', text).publish(key, text)
    }
    pipeline.expire(key, KEPT_SECONDS)
    try {
      await pipeline.exec()
    } catch (err) {
      onError(err instanceof Error ? err : new Error(String(err)))
    }
  }

  // The input is an event that lacks just these two.
  const eventOf = (input: BuildEventInput, n: number) =>
    ({ ...input, id: `${build.attempt}-${n}`, at: Date.now() }) as BuildEvent

  return {
    events,
    draft: (inputs) => inputs.map((input, n) => eventOf(input, events.length + 1 + n)),
    write: (input) => {
      // What ends the stream is said however much was said before: readers wait for it.
      if (events.length >= KEPT_EVENTS && input.kind === 'log') return
      const event = eventOf(input, events.length + 1)
      events.push(event)
      if (waiting.push(event) === 1) setImmediate(() => (sent = sent.then(send)))
    },
    flush: async () => {
      sent = sent.then(send)
      await sent
    },
  }
}

/** What the live stream holds of a build, of all attempts; empty when Redis knows nothing of it. */
export const readBuildStream = async (bus: Bus, cloud: string, buildId: string): Promise<BuildEvent[]> => {
  const entries = await bus.redis.xrange(streamKey(cloud, buildId), '-', '+')
  return entries.map(([, fields]) => BuildEvent.parse(JSON.parse(fields[1] ?? '')))
}

/**
 * A build's events from its beginning, then as they happen, each once, until it ends, the signal comes, or `idleMs` pass
 * without one.
 */
export async function* followBuild(
  bus: Bus,
  cloud: string,
  buildId: string,
  options: { signal: AbortSignal; idleMs: number },
): AsyncGenerator<BuildEvent> {
  const arrived: BuildEvent[] = []
  let wake = Promise.withResolvers<void>()
  const unsubscribe = await bus.subscribe(streamKey(cloud, buildId), (message) => {
    arrived.push(BuildEvent.parse(JSON.parse(message)))
    wake.resolve()
  })
  const stop = () => wake.resolve()
  options.signal.addEventListener('abort', stop)
  try {
    arrived.unshift(...(await readBuildStream(bus, cloud, buildId)))
    let last: [number, number] = [0, 0]
    while (!options.signal.aborted) {
      for (let event = arrived.shift(); event; event = arrived.shift()) {
        const position = positionOf(event.id)
        if (position[0] < last[0] || (position[0] === last[0] && position[1] <= last[1])) continue
        last = position
        yield event
        if (event.kind === 'state' && isTerminal(event.state)) return
      }
      wake = Promise.withResolvers<void>()
      if (arrived.length > 0) continue
      const timer = setTimeout(stop, options.idleMs)
      await wake.promise
      clearTimeout(timer)
      if (arrived.length === 0) return
    }
  } finally {
    options.signal.removeEventListener('abort', stop)
    unsubscribe()
  }
}

const positionOf = (id: string): [number, number] => {
  const [attempt = 0, n = 0] = id.split('-').map(Number)
  return [attempt, n]
}
