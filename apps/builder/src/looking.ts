import type { BuilderContext } from './context.ts'

/** Bells get lost: it is looked this often all the same. */
const LOOK_EVERY_MS = 2_000

/**
 * Does `look` at every bell and every two seconds, and at once again when it says that there may be more. What it throws is
 * logged, and tried again at the next look. Disposing it waits for a look that is under way, whose signal fires.
 */
export const startLooking = async (
  context: Pick<BuilderContext, 'bus' | 'log'>,
  { bell, what }: { bell: string; what: string },
  look: (signal: AbortSignal) => Promise<boolean>,
): Promise<AsyncDisposable> => {
  const stop = new AbortController()
  let wake = Promise.withResolvers<void>()
  const unsubscribe = await context.bus.subscribe(bell, () => wake.resolve())
  const loop = async () => {
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers<void>()
      const isMore = await look(stop.signal).catch((err) => {
        context.log.warn({ err }, `${what} failed; it is tried again`)
        return false
      })
      if (isMore) continue
      const timer = setTimeout(wake.resolve, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
    }
  }
  const looping = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      wake.resolve()
      unsubscribe()
      await looping
    },
  }
}
