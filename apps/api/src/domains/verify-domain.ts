import { type Domain, proveDomain, publishDomain } from '@pushfn/store/domains'
import type { ApiContext } from '../context.ts'

/**
 * Looks whether DNS proves a claim, and if so lets the domain lead to its tenant at once. Safe to do again. Throws
 * DNS_FAILED when DNS gives no answer.
 */
export const verifyDomain = async (
  context: ApiContext,
  claim: Domain,
  tenant: string,
): Promise<Awaited<ReturnType<typeof proveDomain>>> => {
  const { db, bus, config, log, findRecords } = context
  const records = await findRecords(claim.name)
  const outcome = await proveDomain(db, claim, records)
  if (outcome !== 'held') return outcome
  log.info({ domain: claim.name, tenant }, 'a domain is proved')
  await publishDomain(bus.redis, config.cloud, claim, tenant).catch((err) =>
    log.warn({ err }, 'gateways could not be told of a domain; they will be'),
  )
  return outcome
}
