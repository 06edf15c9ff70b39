import type { StackCheck } from '@pushfn/forge/forge'
import type { BuildEvent } from '@pushfn/model/build-event'
import type { BuildFailure, BuildState } from '@pushfn/model/build-state'

/** The end of the log that a check run shows. */
const LOG_LINES = 100

const STATES: Readonly<Record<BuildState, StackCheck['state']>> = {
  queued: 'queued',
  checkout: 'in_progress',
  building: 'in_progress',
  deploying: 'in_progress',
  live: 'success',
  failed: 'failure',
  superseded: 'cancelled',
  cancelled: 'cancelled',
  skipped: 'neutral',
}

/** The stack's check run as it stands: what happened, how long each step took, the end of the log, the failing lines. */
export const stackCheck = (facts: {
  build: { id: string; state: BuildState; checkId: string | null; startedAt: Date | null; finishedAt: Date | null }
  events: readonly BuildEvent[]
  failure: BuildFailure | null
  description: string
  detailsUrl: string
}): StackCheck => {
  const { build, events, failure } = facts
  return {
    ...(build.checkId && { id: build.checkId }),
    externalId: build.id,
    title: facts.description.split('\n')[0] ?? '',
    summary: [failure?.hint, stepTable(events), urlList(events)].filter(Boolean).join('\n\n'),
    log: events
      .filter((event) => event.kind === 'log')
      .slice(-LOG_LINES)
      .map((event) => (event.function ? `${event.function} | ${event.text}` : event.text))
      .join('\n'),
    state: STATES[build.state],
    ...(build.startedAt && { startedAt: build.startedAt }),
    ...(build.finishedAt && { completedAt: build.finishedAt }),
    detailsUrl: facts.detailsUrl,
    faults: (failure?.faults ?? []).map((fault) => ({
      message: fault.message,
      ...(fault.place && { place: placeOf(fault.place) }),
    })),
  }
}

const placeOf = (place: NonNullable<BuildFailure['faults'][number]['place']>) => ({
  file: place.file,
  ...(place.line !== undefined && { line: place.line }),
  ...(place.column !== undefined && { column: place.column }),
  ...(place.key !== undefined && { key: place.key }),
})

const stepTable = (events: readonly BuildEvent[]): string => {
  const ended = events.filter((event) => event.kind === 'step').filter((event) => event.status !== 'started')
  if (ended.length === 0) return ''
  const rows = ended.map((event) => `| ${event.step} | ${event.status} | ${((event.ms ?? 0) / 1000).toFixed(2)} s |`)
  return ['| step | outcome | time |', '|---|---|---|', ...rows].join('\n')
}

const urlList = (events: readonly BuildEvent[]): string =>
  events
    .filter((event) => event.kind === 'function')
    .filter((event) => (event.status === 'live' || event.status === 'reused') && event.url !== undefined)
    .map((event) => `- ${event.function}: ${event.url}`)
    .join('\n')
