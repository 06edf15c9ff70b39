import { networkInterfaces } from 'node:os'
import { ConfigurationError } from '@pushfn/kit/configuration'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Networks that operators let callbacks go to, though they are not public. */
export type Networks = readonly [Address, number][]

/** `10.1.2.0/24`, `::1`. Throws ConfigurationError for what is neither network nor address. */
export const readNetworks = (env: string, texts: readonly string[]): Networks =>
  texts.map((text) => {
    try {
      if (text.includes('/')) return ipaddr.parseCIDR(text)
      const address = ipaddr.parse(text)
      return [address, address.kind() === 'ipv4' ? 32 : 128]
    } catch {
      throw new ConfigurationError(`${env} is wrong: ${text} is neither an address nor a network`)
    }
  })

/**
 * Whether a callback may go to this address: public unicast, in every spelling of it (IPv4 inside IPv6 too), and none of
 * this host's own; or in a network that operators allow.
 */
export const mayReach = (text: string, allowed: Networks): boolean => {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  if (allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits)))
    return true
  return address.range() === 'unicast' && !isOwn(address)
}

/** Asked each time: addresses come and go. */
const isOwn = (address: Address): boolean =>
  Object.values(networkInterfaces())
    .flat()
    .some(
      (own) =>
        own && ipaddr.process(own.address.split('%')[0] ?? '').toNormalizedString() === address.toNormalizedString(),
    )
