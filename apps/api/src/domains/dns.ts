import { Resolver } from 'node:dns/promises'
import { ConfigurationError } from '@pushfn/kit/configuration'
import { domainRecord } from '@pushfn/model/domain-name'
import { AppError } from '@pushfn/model/errors'

const TIMEOUT_MS = 2_000
const TRIES = 2

/**
 * The texts at the name that must prove a domain; none when there is no such name. Throws DNS_FAILED when DNS gives no
 * answer, which is another thing than the answer that there is nothing.
 */
export type FindRecords = (domain: string) => Promise<string[]>

/** Asks these servers, or this host's own when there are none. Throws ConfigurationError for what is no server. */
export const openDns = (servers: readonly string[]): FindRecords => {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  try {
    if (servers.length > 0) resolver.setServers(servers)
  } catch (cause) {
    throw new ConfigurationError('DNS_SERVERS is wrong: it must be addresses, with a port where it is not 53', {
      cause,
    })
  }
  return async (domain) => {
    const { name } = domainRecord(domain, '')
    try {
      const records = await resolver.resolveTxt(name)
      return records.map((pieces) => pieces.join(''))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && NO_RECORD.has(String(cause.code))) return []
      throw new AppError('DNS_FAILED', 'the DNS does not answer', {
        hint: `the DNS gives no answer about ${name} at the moment; try again soon`,
        cause,
      })
    }
  }
}

const NO_RECORD = new Set(['ENOTFOUND', 'ENODATA'])
