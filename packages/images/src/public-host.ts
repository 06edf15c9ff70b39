import { lookup as systemLookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

export type Lookup = (host: string) => Promise<readonly string[]>

/**
 * The addresses of a host on the public internet; none where it has no address, or one that is not public: private ranges,
 * this machine's own, the metadata service, in whatever notation. A name that only the cloud's own network knows is told
 * from one that nobody knows by nothing.
 */
export const publicAddresses = async (host: string, lookup: Lookup = resolve): Promise<readonly string[]> => {
  const addresses = await lookup(host).catch(() => [])
  return addresses.every(isPublic) ? addresses : []
}

/**
 * Where the host of a URL is, as curl takes it (`host:port:address,…`): asked once, and git is told, for what a name means
 * may change between two questions. Undefined when the URL has the address itself; throws when it is not public. All that
 * has no public address is refused alike, so that nobody learns which names the cloud's network has.
 */
export const resolvedHost = async (url: string, lookup?: Lookup): Promise<string | undefined> => {
  const { hostname, port } = new URL(url)
  const addresses = await publicAddresses(hostname.replace(/^\[|\]$/g, ''), lookup)
  if (addresses.length === 0) throw new Error(`${hostname} has no public address`)
  return hostname.startsWith('[') ? undefined : `${hostname}:${port || 443}:${addresses.join(',')}`
}

const resolve: Lookup = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address)

const isPublic = (text: string): boolean => {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  return address.range() === 'unicast' && !ownAddresses().includes(address.toNormalizedString())
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => ipaddr.process(address.split('%')[0] ?? '').toNormalizedString())
