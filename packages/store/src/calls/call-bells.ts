import type { Redis } from '../redis.ts'
import { callKeys } from './call-keys.ts'

const QUIET_MS = 20

/**
 * Rings for lanes: at once for the first call, and once more after a burst, so that a million calls are not a million
 * bells. What it rings for is also written down, for the sweep that finds what no bell was heard of.
 */
export interface CallBells extends Disposable {
  /** Resolves when Redis has it, or when a bell that does is on its way. Throws when Redis is away. */
  ring(lane: string): Promise<void>
}

export const openCallBells = (redis: Redis, cloud: string, onError: (err: Error) => void): CallBells => {
  const keys = callKeys(cloud)
  const quiet = new Map<string, { timer: NodeJS.Timeout; isAskedAgain: boolean }>()
  const say = async (lane: string): Promise<void> => {
    await Promise.all([redis.zadd(keys.lanes, Date.now(), lane), redis.publish(keys.bell, lane)])
  }
  const hush = (lane: string): void => {
    const timer = setTimeout(() => {
      const wasAsked = quiet.get(lane)?.isAskedAgain
      quiet.delete(lane)
      if (!wasAsked) return
      hush(lane)
      say(lane).catch(onError)
    }, QUIET_MS)
    timer.unref()
    quiet.set(lane, { timer, isAskedAgain: false })
  }
  return {
    ring: async (lane) => {
      const hushed = quiet.get(lane)
      if (hushed) {
        hushed.isAskedAgain = true
        return
      }
      hush(lane)
      await say(lane)
    },
    [Symbol.dispose]: () => {
      for (const { timer } of quiet.values()) clearTimeout(timer)
    },
  }
}
