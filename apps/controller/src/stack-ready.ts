import { NOT_DEPLOYED } from '@pushfn/model/deploy-status'
import { readyInStack } from '@pushfn/store/alias-moves'
import { channels } from '@pushfn/store/bus'
import type { RevisionState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'
import { pause } from './pause.ts'
import type { Readiness } from './readiness.ts'

/** A bell may get lost: the database is asked this often all the same. */
const LOOK_EVERY_MS = 1_000

/**
 * Waits until every function of the revision's stack answers: what was pushed together goes live together. Fails as soon as
 * one of them failed; each of them ends by itself, at its own limit. Throws when the signal comes.
 */
export const untilStackReady = async (
  context: ControllerContext,
  revision: RevisionState,
  signal: AbortSignal,
): Promise<Readiness> => {
  let changed = new AbortController()
  const unsubscribe = await context.bus.subscribe(channels(context.config.cloud).stackChanged, (build) => {
    if (build === revision.buildId) changed.abort()
  })
  try {
    for (let isFirst = true; ; isFirst = false) {
      changed = new AbortController()
      const stack = await readyInStack(context.db, revision)
      if (isFirst) tellStack(context, revision)
      if (stack.kind === 'ready') return { kind: 'ready' }
      if (stack.kind === 'failed') {
        return { kind: 'failed', reason: `${NOT_DEPLOYED}: “${stack.function}” of the same stack did not get ready` }
      }
      await pause(LOOK_EVERY_MS, AbortSignal.any([signal, changed.signal]))
      signal.throwIfAborted()
    }
  } finally {
    unsubscribe()
  }
}

/** Wakes those that wait for this revision. */
export const tellStack = (context: ControllerContext, revision: RevisionState): void =>
  void context.bus.publish(channels(context.config.cloud).stackChanged, revision.buildId)
