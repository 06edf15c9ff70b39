import type { Log } from '@pushfn/kit/log'
import type { Redis } from '@pushfn/store/redis'

/**
 * A Redis that drops keys when its memory is full drops accepted calls. BullMQ asks for `noeviction` as well
 * (https://docs.bullmq.io/guide/going-to-production). Without a limit nothing is ever dropped, whatever the policy.
 */
export const warnOfEviction = async (redis: Redis, log: Log): Promise<void> => {
  const memory = await redis.info('memory')
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'unknown'
  const isLimited = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0) > 0
  if (!isLimited || policy === 'noeviction') return
  log.error({ policy }, 'redis drops accepted calls when it is full: set its maxmemory-policy to noeviction')
}
