import { stripVTControlCharacters } from 'node:util'
import type { Fault } from '@pushfn/model/errors'
import { cut, cutToEnd, oneLine } from '../cut.ts'
import type { Check, CheckActionName } from '../forge.ts'

/** Limits of https://docs.github.com/en/rest/checks/runs; texts are held to them in bytes, which is never too long. */
const MAX_TEXT_BYTES = 65_535
const MAX_ANNOTATIONS = 50
const MAX_TITLE = 255
const MAX_MESSAGE = 10_000

/** A check run as GitHub's API takes it, for creating and updating alike. */
export const checkBody = (check: Check) => ({
  external_id: check.externalId,
  details_url: check.detailsUrl,
  ...(check.startedAt && { started_at: check.startedAt.toISOString() }),
  ...stateOf(check),
  // Without the key GitHub would keep those of before.
  actions: (check.actions ?? []).map((action) => ({ identifier: action, ...ACTIONS[action] })),
  output: {
    title: cut(oneLine(check.title), MAX_TITLE) || 'Pushfn',
    summary: cutToEnd([check.summary, leftOut(check)].filter(Boolean).join('\n\n'), MAX_TEXT_BYTES),
    ...(check.log.trim() !== '' && { text: fenced(check.log) }),
    // GitHub appends annotations at every update, so only the update that ends the check brings them.
    ...(isCompleted(check) && { annotations: annotationsOf(check.faults) }),
  },
})

/** GitHub takes 20 characters of a label and of an identifier, 40 of a description. */
const ACTIONS: Readonly<Record<CheckActionName, { label: string; description: string }>> = {
  'roll-back': { label: 'Roll back', description: 'Back to what was live before this.' },
  approve: { label: 'Approve', description: 'Let this commit run as a preview.' },
}

const isCompleted = (check: Check): boolean => check.state !== 'queued' && check.state !== 'in_progress'

const stateOf = (check: Check) =>
  check.state === 'queued' || check.state === 'in_progress'
    ? { status: check.state }
    : {
        status: 'completed' as const,
        conclusion: check.state,
        completed_at: (check.completedAt ?? new Date()).toISOString(),
      }

/**
 * The end of a log as a Markdown code block that the log cannot close: the fence is longer than any run of backticks in
 * it, so no line of a tenant's build becomes a link, an image or a mention.
 */
const fenced = (log: string): string => {
  const plain = stripVTControlCharacters(log).replace(/[^\P{Cc}\n\t]/gu, '')
  const longest = plain.match(/`+/g)?.reduce((most, run) => Math.max(most, run.length), 0) ?? 0
  // A log of nothing but backticks would leave no room for anything: then they are shown as quotes.
  const text = longest > 1_000 ? plain.replaceAll('`', "'") : plain
  const fence = '`'.repeat(longest > 1_000 ? 3 : Math.max(3, longest + 1))
  return `${fence}text\n${cutToEnd(text.trimEnd(), MAX_TEXT_BYTES - 2 * fence.length - 10)}\n${fence}`
}

/** A call takes no more annotations, and another call for the rest would help nobody. */
const leftOut = (check: Check): string => {
  const placed = check.faults.filter(({ place }) => place).length
  return isCompleted(check) && placed > MAX_ANNOTATIONS
    ? `${placed - MAX_ANNOTATIONS} more faults are not annotated.`
    : ''
}

const annotationsOf = (faults: readonly Fault[]) => faults.flatMap(annotationOf).slice(0, MAX_ANNOTATIONS)

const annotationOf = ({ message, place }: Fault) => {
  if (!place) return []
  const line = place.line ?? 1
  return [
    {
      path: place.file,
      start_line: line,
      end_line: line,
      ...(place.line !== undefined && place.column && { start_column: place.column, end_column: place.column }),
      annotation_level: 'failure' as const,
      message: cut(message, MAX_MESSAGE) || 'wrong',
      ...(place.key && { title: cut(oneLine(place.key), MAX_TITLE) }),
    },
  ]
}
