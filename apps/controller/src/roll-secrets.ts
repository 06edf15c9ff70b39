import type { Replica } from '@pushfn/engine/engine'
import { noteSecrets } from '@pushfn/store/alias-moves'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { switchTo } from './deploy.ts'
import { freeOrdinals, isToRoll, liveReplicas } from './live-replicas.ts'
import type { Readiness } from './readiness.ts'
import { removeAtOnce, startAll } from './start-all.ts'
import { hasSecretsOf, named } from './workload.ts'

/**
 * A secret was changed that the live revision names: replicas with what it says now are started BESIDE those with what it
 * said before, and when all of them answer callers are sent there, as in a deploy. When one does not get ready nothing
 * changes for callers, the alias says why, and it is tried again when a secret is changed again. Throws only what is the engine's or
 * the database's fault: then it is tried again.
 */
export const rollSecrets = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
): Promise<void> => {
  using rolling = rollingUntilDeath(context, state, live)
  const { readiness, started, ready } = await startMissing(context, state, live, rolling.signal)
  await context.inTurn(state.aliasId, async () => {
    const now = await context.aliases.read(state.aliasId)
    const isOvertaken = now?.live?.id !== live.id || now.isRemoved || now.live.secretsKey !== live.secretsKey
    if (isOvertaken || readiness.kind === 'failed') await removeAtOnce(context, started)
    if (isOvertaken || rolling.signal.aborted) return
    if (readiness.kind === 'failed') return giveUp(context, state, live, readiness.reason)
    await switchTo(context, now, live, [...ready, ...started])
    await noteSecrets(context.db, state.aliasId, null)
    context.log.info({ ...named(state), replicas: ready.length + started.length }, 'runs with its changed secrets')
  })
}

/** What serves meanwhile comes first: when one of it dies, that is to be healed. */
const rollingUntilDeath = (context: ControllerContext, state: WantedState, live: RevisionState) => {
  const death = new AbortController()
  const over = new AbortController()
  const listening = AbortSignal.any([context.signal, over.signal])
  for (const replica of liveReplicas(context, state, live)) {
    if (!isToRoll(context, state, live, replica)) continue
    context.replicas.death(replica.id, listening).then(
      () => death.abort(),
      () => undefined,
    )
  }
  return { signal: AbortSignal.any([context.signal, death.signal]), [Symbol.dispose]: () => over.abort() }
}

interface Begun {
  readiness: Readiness
  started: Replica[]
  /** With the changed secrets already, of before. */
  ready: Replica[]
}

/** As many as shall run by then: while the first ones get ready more may be wanted. */
const startMissing = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
  signal: AbortSignal,
): Promise<Begun> => {
  const isReady = ({ id, state: now }: Replica) => now === 'running' && context.replicas.isProven(id)
  const ready = liveReplicas(context, state, live).filter((one) => hasSecretsOf(one, live) && isReady(one))
  const started: Replica[] = []
  for (;;) {
    const missing = context.scales.of(state).memory.replicas - ready.length - started.length
    if (missing <= 0) return { readiness: { kind: 'ready' }, started, ready }
    const ordinals = freeOrdinals(context, state, live, missing)
    const begun = await startAll(context, state, live, ordinals, signal).catch(async (thrown: unknown) => {
      await removeAtOnce(context, started)
      throw thrown
    })
    started.push(...begun.replicas)
    if (begun.readiness.kind === 'failed') return { readiness: begun.readiness, started, ready }
  }
}

const giveUp = async (
  context: ControllerContext,
  state: WantedState,
  { secretsKey = '' }: RevisionState,
  reason: string,
): Promise<void> => {
  context.failedSecrets.set(state.aliasId, secretsKey)
  await noteSecrets(context.db, state.aliasId, reason)
  context.log.info({ ...named(state), reason: reason.split('\n')[0] }, 'does not get ready with its changed secrets')
}
