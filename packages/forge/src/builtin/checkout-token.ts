import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The builder's ticket to fetch one repository from the built-in Git server: `pfc.<repository>.<expiry>.<mac>`. It is
 * bound to the repository and ends by itself, so that what leaks from a build opens no other repository and soon
 * nothing. Only processes that share the key can make one.
 */
export interface CheckoutTicket {
  repositoryId: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** A token for `ticket`. Throws a TypeError when the repository's id could be confused with the token's other parts. */
export const signCheckoutToken = (ticket: CheckoutTicket, key: string): string => {
  if (!REPOSITORY_ID.test(ticket.repositoryId))
    throw new TypeError('a repository’s id has letters, digits and “-” only')
  const claim = `pfc.${ticket.repositoryId}.${Math.floor(ticket.expiresAt)}`
  return `${claim}.${macOf(claim, key)}`
}

/** The id of the repository that `token` opens at `now` (milliseconds since the epoch), undefined when it opens none. */
export const verifyCheckoutToken = (token: string, key: string, now: number): string | undefined => {
  const [, claim, repositoryId, expiresAt, mac] = TOKEN.exec(token) ?? []
  if (!claim || !repositoryId || !expiresAt || !mac) return undefined
  const isOurs = timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(claim, key)))
  return isOurs && Number(expiresAt) > now ? repositoryId : undefined
}

const REPOSITORY_ID = /^[A-Za-z0-9-]{1,64}$/
/** The MAC is 32 bytes in base64url: always 43 characters, so that the comparison never sees two lengths. */
const TOKEN = /^(pfc\.([A-Za-z0-9-]{1,64})\.(\d{1,15}))\.([A-Za-z0-9_-]{43})$/

const macOf = (claim: string, key: string): string => {
  if (key.length < 16) throw new TypeError('the key of checkout tokens is shorter than 16 characters')
  return createHmac('sha256', key).update(`pushfn checkout token\n${claim}`).digest('base64url')
}
