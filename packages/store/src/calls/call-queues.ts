import { Queue } from 'bullmq'
import type { Redis } from '../redis.ts'
import { callKeys } from './call-keys.ts'

const MAX_OPEN = 1_000

/** The queues of lanes, opened as they are asked for; those asked for longest ago are let go of. */
export interface CallQueues extends AsyncDisposable {
  of(lane: string): Queue
}

export const openCallQueues = (redis: Redis, cloud: string, onError: (err: Error) => void): CallQueues => {
  const open = new Map<string, Queue>()
  return {
    of: (lane) => {
      const known = open.get(lane)
      if (known) {
        open.delete(lane)
        open.set(lane, known)
        return known
      }
      const queue = new Queue(lane, {
        connection: redis,
        prefix: callKeys(cloud).queues,
        // Nobody reads the events; the stream is kept short.
        streams: { events: { maxLen: 10 } },
      })
      queue.on('error', onError)
      open.set(lane, queue)
      const [oldest] = open
      if (open.size > MAX_OPEN && oldest) {
        open.delete(oldest[0])
        void oldest[1].close()
      }
      return queue
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...open.values()].map((queue) => queue.close()))
    },
  }
}
