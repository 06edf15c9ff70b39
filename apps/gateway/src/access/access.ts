import type { Log } from '@pushfn/kit/log'
import { RateLimits } from '@pushfn/model/access-policy'
import { domainKeys } from '@pushfn/store/calls/published-domains'
import { tokenKeys } from '@pushfn/store/calls/published-tokens'
import { openRedis, openWaitingRedis } from '@pushfn/store/redis'
import type { GateOf } from '../route-table.ts'
import { DomainTable, followDomains } from './domain-table.ts'
import { gateOf } from './gate.ts'
import { LeaseOffice } from './lease-office.ts'
import { Limits } from './limits.ts'
import { followTokens, TokenBook } from './token-book.ts'

/** What decides who may call what, and how much, in this gateway process. */
export interface Access {
  readonly gateOf: GateOf
  /** Hosts that tenants have brought themselves. */
  readonly domains: DomainTable
  /** Where what counts over all gateways is leased. */
  readonly office: LeaseOffice
  stop(): Promise<void>
}

/** A call that waits for Redis is a caller that waits. */
const COMMAND_TIMEOUT_MS = 500

export interface AccessOptions {
  redisUrl: string
  cloud: string
  /** 0: no limit. */
  tenantRequestsPerSecond: number
  tenantConcurrentRequests: number
  log: Log
}

export const openAccess = (options: AccessOptions): Access => {
  const { redisUrl, cloud, log } = options
  const redis = openRedis(redisUrl, (err) => log.warn({ err: err.message }, 'redis is away'), COMMAND_TIMEOUT_MS)
  const subscriber = openWaitingRedis(redisUrl, (err) => log.warn({ err: err.message }, 'redis is away'))
  const keys = tokenKeys(cloud)
  const tokens = new TokenBook(redis, keys)
  followTokens(tokens, subscriber, keys, log)
  const domains = new DomainTable(log)
  const following = followDomains({ table: domains, redis, subscriber, keys: domainKeys(cloud), log })
  const office = new LeaseOffice(redis, cloud, log)
  const limits = new Limits(office)
  const tenantLimits = RateLimits.parse({
    requestsPerSecond: options.tenantRequestsPerSecond || null,
    concurrentRequests: options.tenantConcurrentRequests || null,
  })
  const means = { limits, tokens, tenantLimits }
  return {
    gateOf: (route) => gateOf(route, means),
    domains,
    office,
    stop: async () => {
      following[Symbol.dispose]()
      limits.stop()
      await office.stop()
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}
