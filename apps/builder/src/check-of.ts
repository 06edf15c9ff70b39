import type { Check } from '@pushfn/forge/forge'
import type { BuildEvent } from '@pushfn/model/build-event'
import type { BuildFailure, BuildState } from '@pushfn/model/build-state'
import type { CommitState } from '@pushfn/model/deploy-status'
import { mayBeTold } from '@pushfn/store/reports'
import { ROLLED_BACK } from '@pushfn/store/take-back'

/** The end of the log that a check run shows. */
const LOG_LINES = 100

/** What a check run is made of. */
export interface CheckFacts {
  report: {
    context: string
    state: CommitState
    description: string
    targetUrl: string | null
    forgeId: string | null
    takes: number
    toldTake: number
    build: {
      id: string
      state: BuildState
      startedAt: Date | null
      finishedAt: Date | null
      isStaged: boolean
      /** Null: it went live. */
      target: unknown
      reports: readonly { context: string }[]
    }
  }
  /** The function that it is of; undefined: the whole stack. */
  function: string | undefined
  /** In front of every context. */
  prefix: string
  events: readonly BuildEvent[]
  failure: BuildFailure | null
  /** The build's page in the console. */
  pageUrl: string
}

/** A report as a check run: what happened, how long each step took, the end of the log, the failing lines. */
export const checkOf = (facts: CheckFacts): Check => {
  const { report, failure } = facts
  const { build } = report
  return {
    name: report.context,
    ...(report.forgeId && { id: report.forgeId }),
    mayExist: mayBeTold(report),
    externalId: build.id,
    title: report.description,
    summary: (facts.function === undefined ? stackSummary(facts) : functionSummary(facts, facts.function))
      .filter(Boolean)
      .join('\n\n'),
    log: logOf(facts),
    state: stateOf(report.state, build.state),
    ...(build.startedAt && { startedAt: build.startedAt }),
    ...(build.finishedAt && { completedAt: build.finishedAt }),
    detailsUrl: report.targetUrl ?? facts.pageUrl,
    actions: mayBeRolledBack(facts) ? ['roll-back'] : [],
    faults: isItsFailure(facts) ? (failure?.faults ?? []).map(faultOf) : [],
  }
}

const stateOf = (report: CommitState, build: BuildState): Check['state'] => {
  switch (report) {
    case 'pending':
      return build === 'queued' ? 'queued' : 'in_progress'
    case 'success':
      return build === 'skipped' ? 'neutral' : 'success'
    case 'failure':
      return 'failure'
    case 'error':
      return build === 'superseded' || build === 'cancelled' ? 'cancelled' : 'failure'
  }
}

/** What this very build brought live; what somebody has taken back already says so. */
const mayBeRolledBack = ({ report, function: name, events }: CheckFacts): boolean => {
  const { build } = report
  if (report.state !== 'success' || build.isStaged || build.target !== null) return false
  // A function's word may come a moment before its build's end, and is the last one of it.
  if (build.state !== 'live' && build.state !== 'deploying') return false
  if (report.description.startsWith(ROLLED_BACK)) return false
  return events.some(
    (event) => event.kind === 'function' && event.status === 'live' && (name ?? event.function) === event.function,
  )
}

/** Lines are annotated once: at the function that they are of, or at the stack when that has no check of its own. */
const isItsFailure = ({ report, function: name, failure, prefix }: CheckFacts): boolean => {
  const culprit = failure?.function
  if (name !== undefined) return name === culprit
  return culprit === undefined || !report.build.reports.some(({ context }) => context === `${prefix}${culprit}`)
}

type StoredFault = BuildFailure['faults'][number]

const faultOf = ({ message, place }: StoredFault): Check['faults'][number] => ({
  message,
  ...(place && { place: placeOf(place) }),
})

const placeOf = (place: NonNullable<StoredFault['place']>) => ({
  file: place.file,
  ...(place.line !== undefined && { line: place.line }),
  ...(place.column !== undefined && { column: place.column }),
  ...(place.key !== undefined && { key: place.key }),
})

const logOf = ({ events, function: name }: CheckFacts): string =>
  events
    .filter((event) => event.kind === 'log')
    .filter((event) => name === undefined || event.function === name)
    .slice(-LOG_LINES)
    .map((event) => (event.function && name === undefined ? `${event.function} | ${event.text}` : event.text))
    .join('\n')

const stackSummary = ({ events, failure }: CheckFacts): string[] => {
  const steps = events.filter((event) => event.kind === 'step').filter((event) => event.status !== 'started')
  const functions = events.filter((event) => event.kind === 'function')
  // The last word on each.
  const last = [...new Map(functions.map((event) => [event.function, event])).values()]
  return [
    verbatim(failure?.hint),
    table(
      ['step', 'outcome', 'time'],
      steps.map((event) => [event.step, event.status, seconds(event.ms)]),
    ),
    table(
      ['function', 'outcome', 'URL'],
      last.map((event) => [event.function, event.status, event.url ?? '']),
    ),
  ]
}

const functionSummary = ({ report, events, failure, pageUrl }: CheckFacts, name: string): string[] => {
  const stages = events.filter((event) => event.kind === 'function').filter((event) => event.function === name)
  return [
    verbatim(failure?.function === name ? failure.hint : report.description),
    table(
      ['stage', 'time'],
      stages.flatMap(({ status, ms }) => (ms === undefined ? [] : [[status, seconds(ms)]])),
    ),
    `[The whole build](${pageUrl})`,
  ]
}

/** As code, whatever it says: it holds words of the tenant’s programs. */
const verbatim = (text: string | undefined): string => (text ? text.replace(/^/gm, '    ') : '')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const seconds = (ms = 0): string => `${(ms / 1000).toFixed(2)} s`
