import { SESSION_SECONDS } from './sessions.ts'

/**
 * `__Host-`: browsers take it over a secure channel (or from localhost) only, for this host alone, and no sibling host, so
 * no tenant's function, can set or shadow it. Source: RFC 6265bis §4.1.3.2.
 */
const NAME = '__Host-pushfn'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict'
const SESSION_ID = /^[A-Za-z0-9_-]{43}$/

/** The `Set-Cookie` of a new session. */
export const sessionCookie = (id: string): string => `${NAME}=${id}; Max-Age=${SESSION_SECONDS}; ${ATTRIBUTES}`

/** The `Set-Cookie` that makes a browser forget its session. */
export const NO_SESSION_COOKIE = `${NAME}=; Max-Age=0; ${ATTRIBUTES}`

/** The session id in a request's `Cookie`; undefined without one that can be ours. */
export const sessionIdFrom = (cookies: string | undefined): string | undefined => {
  for (const cookie of (cookies ?? '').split(';')) {
    const [name, value] = cookie.trim().split('=', 2)
    if (name === NAME && value && SESSION_ID.test(value)) return value
  }
  return undefined
}
