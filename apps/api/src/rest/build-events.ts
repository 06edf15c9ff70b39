import { BuildEvent } from '@pushfn/model/build-event'
import { isTerminal } from '@pushfn/model/build-state'
import { type BuildRow, buildOf } from '@pushfn/store/build-list'
import { readBuildLog } from '@pushfn/store/build-log'
import { followBuild, readBuildStream } from '@pushfn/store/build-stream'
import type { ApiContext } from '../context.ts'
import { failureOf } from './views.ts'

/** How long a live stream may say nothing before the database is asked whether the build still runs. */
const QUIET_MS = 5_000

/** What a build said so far; of one that ended all of it, and its end is the last event. */
export const eventsSoFar = async (context: ApiContext, build: BuildRow): Promise<BuildEvent[]> => {
  const events =
    (await readBuildLog(context.db, build.id)) ?? (await readBuildStream(context.bus, context.config.cloud, build.id))
  const last = events.at(-1)
  const hasEnd = last?.kind === 'state' && isTerminal(last.state)
  return hasEnd || !isTerminal(build.state) ? events : [...events, endOf(build, last)]
}

/**
 * A build's events behind the one named `after`, from the database or live, each once, until the build ends or the signal
 * comes; `undefined` now and then while it is quiet. Neither a lost Redis nor a builder that died leaves the reader
 * waiting for ever: the build's row decides whether there is more to come.
 */
export async function* followEvents(
  context: ApiContext,
  build: BuildRow,
  options: { after: string | undefined; signal: AbortSignal },
): AsyncGenerator<BuildEvent | undefined> {
  const { signal } = options
  let after = options.after
  for (let row: BuildRow | undefined = build; row; row = await buildOf(context.db, tenantIdOf(build), build.id)) {
    const isOver = isTerminal(row.state)
    const events = isOver
      ? await eventsSoFar(context, row)
      : followBuild(context.bus, context.config.cloud, row.id, { signal, idleMs: QUIET_MS })
    for await (const event of events) {
      if (signal.aborted) return
      if (!isBehind(event.id, after)) continue
      after = event.id
      yield event
      if (event.kind === 'state' && isTerminal(event.state)) return
    }
    if (isOver || signal.aborted) return
    yield undefined
  }
}

/** Whether an event comes behind the one named `after`. */
export const isBehind = (id: string, after: string | undefined): boolean => {
  if (after === undefined) return true
  const [attempt = 0, n = 0] = id.split('-').map(Number)
  const [afterAttempt = 0, afterN = 0] = after.split('-').map(Number)
  return attempt > afterAttempt || (attempt === afterAttempt && n > afterN)
}

/** A build that never ran, or whose builder died with the last word unsaid, ends with what its row says. */
const endOf = (build: BuildRow, last: BuildEvent | undefined): BuildEvent => {
  const [attempt = 0, n = 0] = (last?.id ?? '0-0').split('-').map(Number)
  return BuildEvent.parse({
    kind: 'state',
    id: `${attempt}-${n + 1}`,
    at: (build.finishedAt ?? build.createdAt).getTime(),
    state: build.state,
    reason: failureOf(build)?.hint,
  })
}

const tenantIdOf = (build: BuildRow): string => build.push.repository.tenantId
