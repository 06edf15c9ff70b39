import type { ScheduleView } from '@pushfn/model/async-call'
import { FunctionSpec } from '@pushfn/model/function-spec'
import type { FunctionOf } from '@pushfn/store/calls/schedules'
import type { ApiContext } from '../context.ts'

/**
 * The schedule of a live revision, with its runs as Redis knows them; without them while it does not answer. Null when
 * there is none.
 */
export const scheduleView = async (
  { calls, log }: ApiContext,
  of: FunctionOf,
  spec: unknown,
): Promise<ScheduleView | null> => {
  const schedule = spec === undefined ? null : FunctionSpec.parse(spec).schedule
  if (!schedule) return null
  const runs = await calls.schedules.runs(of).catch((err) => {
    log.warn({ err }, 'the runs of a schedule cannot be told')
    return { last: null, nextAt: null }
  })
  return {
    ...schedule,
    lastRunAt: runs.last && new Date(runs.last.at).toISOString(),
    lastStatus: runs.last?.status ?? null,
    nextRunAt: runs.nextAt === null ? null : new Date(runs.nextAt).toISOString(),
  }
}
