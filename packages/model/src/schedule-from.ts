import { CronExpressionParser } from 'cron-parser'
import type { ScheduleSpec } from './function-spec.ts'
import { quote } from './quote.ts'

/** OpenFaaS's cron-connector calls what has this among the topics. */
export const CRON_TOPIC = 'cron-function'
export const TIMEZONE_ANNOTATION = 'pushfn.cloud/timezone'

/** What the annotations say of a schedule; a problem is the end of a sentence that begins with the annotation's key. */
export type ScheduleRead = { schedule: ScheduleSpec | null } | { key: string; problem: string }

/**
 * The schedule of a function: `topic: cron-function` with `schedule`, in the time zone `pushfn.cloud/timezone` or UTC.
 * A cron expression has five fields, or six with seconds in front, or is a word such as `@hourly`.
 */
export const scheduleFrom = (annotations: Readonly<Record<string, string>>): ScheduleRead => {
  const cron = read(annotations, 'schedule')?.trim().replaceAll(/\s+/g, ' ')
  const timeZone = read(annotations, TIMEZONE_ANNOTATION)?.trim() ?? 'UTC'
  const topics = read(annotations, 'topic')?.split(',') ?? []
  if (!topics.some((topic) => topic.trim() === CRON_TOPIC)) return { schedule: null }
  if (!cron)
    return { key: 'topic', problem: `is ${CRON_TOPIC}, but there is no schedule: name one, as in "*/5 * * * *"` }
  if (!isTimeZone(timeZone)) {
    const problem = `must be a time zone, as in Europe/Berlin, but is ${quote(timeZone)}`
    return { key: TIMEZONE_ANNOTATION, problem }
  }
  const problem = cronProblem(cron)
  return problem ? { key: 'schedule', problem } : { schedule: { cron, timeZone } }
}

/** Whether the schedule comes round at all: `0 0 31 4 *` never does. Takes up to a tenth of a second to say no. */
export const comesRound = ({ cron, timeZone }: ScheduleSpec): boolean => {
  try {
    CronExpressionParser.parse(cron, { tz: timeZone }).next()
    return true
  } catch {
    return false
  }
}

const read = (annotations: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(annotations, key) ? annotations[key] : undefined

const MAX_LENGTH = 200

/** Those of the parser's words that cron itself has. */
const WORDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly']

/** The parser fills in fields that are missing and draws `H` by lot; neither may happen to a schedule unseen. */
const cronProblem = (cron: string): string | undefined => {
  const wants = `must be a cron expression of five fields, or six with seconds in front, but is ${quote(cron)}`
  if (cron.length > MAX_LENGTH) return wants
  if (cron.startsWith('@')) {
    return WORDS.includes(cron)
      ? undefined
      : `must be one of ${WORDS.join(', ')}, or a cron expression, but is ${quote(cron)}`
  }
  const fields = cron.split(' ').length
  if (fields !== 5 && fields !== 6) return wants
  if (/(?:^|[\s,])H/i.test(cron)) return `${wants}: “H” is not known here`
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' })
    return undefined
  } catch (err) {
    return `${wants}: ${err instanceof Error ? err.message : String(err)}`
  }
}

const isTimeZone = (name: string): boolean => {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
