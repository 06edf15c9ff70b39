import { LIVE } from '@pushfn/model/alias'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'

/** Makes the schedules equal to those of the revisions that `live` points at, and of no other alias: at every resync, also after Redis lost them. */
export const followSchedules = async (context: ControllerContext, states: readonly WantedState[]): Promise<void> => {
  const wanted = states.flatMap(({ tenant, name, alias, isRemoved, live }) => {
    const schedule = isRemoved || alias !== LIVE ? undefined : live?.spec.schedule
    return schedule ? [{ tenant, function: name, schedule }] : []
  })
  await context.schedules.sync(wanted)
}

/** At once when a revision goes live or its function away; what Redis does not take now the next resync makes good. */
export const followSchedule = async (
  context: ControllerContext,
  { tenant, name, alias }: Pick<WantedState, 'tenant' | 'name' | 'alias'>,
  live: RevisionState | undefined,
): Promise<void> => {
  if (alias !== LIVE) return
  await context.schedules
    .put({ tenant, function: name }, live?.spec.schedule ?? null)
    .catch((err) => context.log.warn({ err, tenant, function: name }, 'a schedule could not be set; it is tried again'))
}
