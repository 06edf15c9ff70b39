import type { Replica } from '@pushfn/engine/engine'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { ControllerContext } from './context.ts'

/** Beyond the longest answer that a function may take. */
const MARGIN_MS = 5_000

export interface Drain {
  replica: Replica
  drained: Promise<boolean>
}

/** Ids of replicas on their way out: nobody else may count on them, nor remove them again. */
const leaving = new WeakMap<ControllerContext['replicas'], Set<string>>()

export const isLeaving = (context: ControllerContext, replica: Replica): boolean =>
  leaving.get(context.replicas)?.has(replica.id) ?? false

/** Takes the replica out of everybody's count until the returned function is called. */
export const setAside = (context: ControllerContext, replica: Replica): (() => void) => {
  const ids = leaving.get(context.replicas) ?? new Set()
  leaving.set(context.replicas, ids.add(replica.id))
  return () => void ids.delete(replica.id)
}

/** How long the last request at a replica may take, and a little more. */
export const drainLimitMs = (spec: FunctionSpec | undefined): number =>
  (spec?.timeouts.responseMs ?? 60_000) + MARGIN_MS

/**
 * Begins to listen for the gateways' word that nothing is at the replica any more. To be called BEFORE its route goes, so
 * that no word is missed.
 */
export const expectDrain = (context: ControllerContext, replica: Replica, spec: FunctionSpec | undefined): Drain => {
  setAside(context, replica)
  return { replica, drained: context.gateways.drained(replica.id, drainLimitMs(spec)) }
}

/** The replicas stay after all. */
export const forgetDrains = (context: ControllerContext, drains: readonly Drain[]): void => {
  for (const { replica } of drains) leaving.get(context.replicas)?.delete(replica.id)
}

/** Waits for the last request at the replica, asks it to end, and removes it. Never throws: the sweep looks again. */
export const drainAndRemove = async (context: ControllerContext, drain: Drain): Promise<void> => {
  try {
    if (drain.replica.state === 'running') await drain.drained
    await context.engine.remove(drain.replica.id, context.config.stopGraceMs)
    context.replicas.drop(drain.replica.id)
  } catch (err) {
    context.log.warn({ err, replica: drain.replica.id }, 'a drained replica could not be removed')
  } finally {
    leaving.get(context.replicas)?.delete(drain.replica.id)
  }
}
