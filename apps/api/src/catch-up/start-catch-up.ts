import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiContext } from '../context.ts'
import { createHeadCheck } from './check-heads.ts'
import { askForFailed } from './failed-deliveries.ts'

/** How often is looked for what is due. */
const ROUND_MS = 5_000

/**
 * Finds what webhooks should have told and did not: while the cloud was away, or because a delivery got lost. First the
 * forge is asked for deliveries that nobody took; then each repository's deploy branch is compared with where its last push
 * left it, all soon after the start and each every `CATCH_UP_MS`.
 */
export const startCatchUp = (context: ApiContext): AsyncDisposable => {
  const { config, log } = context
  const stop = new AbortController()
  const checkHeads = createHeadCheck(context, stop.signal)
  const rounds = async () => {
    let lookedAt: Date | undefined
    while (!stop.signal.aborted) {
      try {
        if (!lookedAt || Date.now() >= lookedAt.getTime() + config.catchUpMs) {
          const previousLook = lookedAt
          lookedAt = new Date()
          await askForFailed(context, previousLook, stop.signal)
        }
        await checkHeads()
      } catch (err) {
        if (!stop.signal.aborted) log.warn({ err }, 'what webhooks missed could not be looked for; it is tried again')
      }
      await sleep(Math.min(ROUND_MS, config.catchUpMs), undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const running = config.catchUpMs > 0 ? rounds() : Promise.resolve()
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}
