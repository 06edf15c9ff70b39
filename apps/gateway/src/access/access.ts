import type { Log } from '@pushfn/kit/log'
import { openRedis } from '@pushfn/store/redis'
import type { GateOf } from '../route-table.ts'
import { gateOf } from './gate.ts'
import { LeaseOffice } from './lease-office.ts'
import { Limits } from './limits.ts'

/** What decides who may call what, and how much, in this gateway process. */
export interface Access {
  readonly gateOf: GateOf
  stop(): Promise<void>
}

/** A call that waits for Redis is a caller that waits. */
const COMMAND_TIMEOUT_MS = 500

export const openAccess = (options: { redisUrl: string; cloud: string; log: Log }): Access => {
  const { redisUrl, cloud, log } = options
  const redis = openRedis(redisUrl, (err) => log.warn({ err: err.message }, 'redis is away'), COMMAND_TIMEOUT_MS)
  const office = new LeaseOffice(redis, cloud, log)
  const limits = new Limits(office)
  return {
    gateOf: (route) => gateOf(route, limits),
    stop: async () => {
      limits.stop()
      await office.stop()
      redis.disconnect()
    },
  }
}
