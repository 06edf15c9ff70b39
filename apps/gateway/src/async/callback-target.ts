import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { mayReach, type Networks } from './networks.ts'

export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
}

/** Whether the host is written as an address that callbacks may not go to. Names are looked up when it is connected to. */
export const refusedLiteral = (hostname: string, allowed: Networks): boolean => {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) !== 0 && !mayReach(host, allowed)
}

/**
 * A look-up for connections: it gives only addresses that a callback may go to, and these are the ones connected to, so
 * that no second answer of a name server comes in between. One forbidden address among them refuses them all.
 */
export const safeLookup =
  (allowed: Networks): LookupFunction =>
  (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (err, found: LookupAddress[]) => {
      if (err) return done(err, [])
      const wrong = found.find(({ address }) => !mayReach(address, allowed))
      if (wrong)
        return done(new ForbiddenAddressError(`${hostname} is at ${wrong.address}, which is no public address`), [])
      const [first] = found
      if (options.all) return done(null, found)
      return done(null, first?.address ?? '', first?.family)
    })
  }
