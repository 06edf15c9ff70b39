import { takeDueDomains } from '@pushfn/store/domains'
import { tenantById } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import { verifyDomain } from './verify-domain.ts'

const AT_ONCE = 20

/** Looks at claims that are not proved yet, so that a record that was set is found without anybody asking. */
export const startDomainChecker = (context: ApiContext): Disposable => {
  const { db, log, config } = context
  let isRunning = false
  const check = async () => {
    if (isRunning) return
    isRunning = true
    try {
      const due = await takeDueDomains(db, { intervalMs: config.domainCheckMs, count: AT_ONCE })
      await Promise.all(
        due.map(async (claim) => {
          const tenant = await tenantById(db, claim.tenantId)
          if (!tenant || tenant.suspendedAt || tenant.removedAt) return
          // DNS that does not answer is looked at again; it is no news.
          await verifyDomain(context, claim, tenant.slug).catch((err) => log.debug({ err }, 'a domain was not proved'))
        }),
      )
    } catch (err) {
      log.warn({ err }, 'domains could not be checked; it is tried again')
    } finally {
      isRunning = false
    }
  }
  const timer = setInterval(check, Math.min(config.domainCheckMs, 10_000))
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
