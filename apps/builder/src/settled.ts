import { channels } from '@pushfn/store/bus'
import type { Run } from './run.ts'

/** A bell may get lost: the database is asked this often all the same. */
const LOOK_EVERY_MS = 1_000

export interface Settled {
  /** Whether its bell was heard: callers reach the revision, or it was given up. */
  has(revision: string): boolean
  /** Resolves at the next bell, or after a while without one. */
  next(): Promise<void>
  close(): void
}

/** Listens before the wish is written, so that no bell is missed. */
export const listenForSettled = async (run: Run): Promise<Settled> => {
  let wake = Promise.withResolvers<void>()
  const heard = new Set<string>()
  const ring = () => wake.resolve()
  const close = await run.context.bus.subscribe(channels(run.context.config.cloud).revisionSettled, (revision) => {
    heard.add(revision)
    ring()
  })
  run.signal.addEventListener('abort', ring)
  return {
    has: (revision) => heard.has(revision),
    next: async () => {
      const timer = setTimeout(ring, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
      wake = Promise.withResolvers<void>()
    },
    close: () => {
      close()
      run.signal.removeEventListener('abort', ring)
    },
  }
}
