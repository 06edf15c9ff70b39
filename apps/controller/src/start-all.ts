import type { Replica } from '@pushfn/engine/engine'
import { toAppError } from '@pushfn/model/errors'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { type Readiness, untilReady } from './readiness.ts'
import { workloadOf } from './workload.ts'

/**
 * Starts replicas of a revision side by side, and waits until all of them answer. What was started is the caller's to remove when one
 * does not; at the signal's end nothing of it is left. Throws only what is the engine's or the database's fault.
 */
export const startAll = async (
  context: ControllerContext,
  state: WantedState,
  revision: RevisionState,
  ordinals: readonly number[],
  signal: AbortSignal,
): Promise<{ replicas: Replica[]; readiness: Readiness }> => {
  const workload = workloadOf(context, state, revision)
  await context.engine.ensureNamespace(state.tenant, signal)
  const replicas: Replica[] = []
  try {
    const results = await Promise.all(
      ordinals.map(async (ordinal) => {
        const replica = await context.engine.start(workload, ordinal, signal)
        context.replicas.put(replica)
        replicas.push(replica)
        return untilReady(context, replica, revision.spec, signal)
      }),
    )
    return { replicas, readiness: results.find((result) => result.kind === 'failed') ?? { kind: 'ready' } }
  } catch (thrown) {
    // A newer wish, or the end of leadership.
    if (signal.aborted) {
      await removeAtOnce(context, replicas)
      throw thrown
    }
    const error = toAppError(thrown)
    // NOT_READY is what the tenant alone can mend: an image that cannot even be started.
    if (error.code !== 'NOT_READY') throw thrown
    return { replicas, readiness: { kind: 'failed', reason: `did not get ready: ${error.hint}` } }
  }
}

/** Of replicas that no caller was sent to. */
export const removeAtOnce = async (context: ControllerContext, replicas: readonly Replica[]): Promise<void> => {
  await Promise.all(
    replicas.map(async ({ id }) => {
      await context.engine.remove(id, 0).catch((err) => context.log.warn({ err }, 'a replica could not be removed'))
      context.replicas.drop(id)
    }),
  )
}
