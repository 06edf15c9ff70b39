import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { sessionCookie, sessionIdFrom } from './session-cookie.ts'
import { closeSession, openSession, type Session } from './sessions.ts'

/** The session of somebody who signs in now. */
export const personSession = (person: string): Session => ({ person, since: new Date().toISOString() })

/**
 * Opens a session, in place of the browser's former one, and returns its cookie. It always has a new id: one that somebody
 * planted before the login is worth nothing after it.
 */
export const openSessionInPlaceOf = async (
  context: ApiContext,
  request: FastifyRequest,
  session: Session,
): Promise<string> => {
  const former = sessionIdFrom(request.headers.cookie)
  if (former) await closeSession(context, former)
  return sessionCookie(await openSession(context, session))
}
