import { syncDomains } from '@pushfn/store/domains'
import { syncTokens } from '@pushfn/store/tokens'
import type { ControllerContext } from './context.ts'

/**
 * Makes what gateways know of who may call, and by which hosts, equal to the database: at the start, and at every resync. The api tells them of
 * single changes at once; this makes good for what was lost on its way, or with Redis.
 */
export const publishAccess = async ({ bus, config, db }: ControllerContext): Promise<void> => {
  await syncTokens(bus.redis, config.cloud, db)
  await syncDomains(bus.redis, config.cloud, db)
}
