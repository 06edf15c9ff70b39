import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { type Access, type Person, personSince } from '@pushfn/store/people'
import { holderOfToken } from '@pushfn/store/tokens'
import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { sessionIdFrom } from '../login/session-cookie.ts'
import { type Session, sessionOf } from '../login/sessions.ts'
import { requireSameOrigin } from './same-origin.ts'

/** Who asks: an operator, a token of a tenant, or a person with what they have access to. */
export type Caller =
  | { kind: 'operator' }
  /** `token`: its name. */
  | { kind: 'tenant'; access: readonly [Access]; token: string }
  | { kind: 'person'; person: Person; access: readonly Access[] }

/** Who sent the request, by bearer token or by the console's session. Throws UNAUTHENTICATED for nobody. */
export const requireCaller = async (context: ApiContext, request: FastifyRequest): Promise<Caller> => {
  const token = bearerFrom(request)
  const caller = token === undefined ? await callerByCookie(context, request) : await callerOf(context, token)
  if (caller) return caller
  throw new AppError('UNAUTHENTICATED', 'no valid token', { hint: 'send an API token: “Authorization: Bearer …”' })
}

/** Whom a token speaks for; undefined when for nobody. */
export const callerOf = async (context: ApiContext, token: string): Promise<Caller | undefined> => {
  if (isOperator(context, token)) return { kind: 'operator' }
  const holder = await holderOfToken(context.db, token)
  return holder && { kind: 'tenant', access: [holder], token: holder.token }
}

/** Whom a session stands for; undefined when its token is worth nothing any more, or its person has signed out everywhere. */
export const callerOfSession = async (context: ApiContext, session: Session): Promise<Caller | undefined> => {
  if ('token' in session) return callerOf(context, session.token)
  const found = await personSince(context.db, session.person, new Date(session.since))
  return found && { kind: 'person', ...found }
}

const bearerFrom = (request: FastifyRequest): string | undefined =>
  /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]

/** A browser sends its cookie along whoever made it ask, so what changes something must come from our own page. */
const callerByCookie = async (context: ApiContext, request: FastifyRequest): Promise<Caller | undefined> => {
  const id = sessionIdFrom(request.headers.cookie)
  if (!id) return undefined
  if (request.method !== 'GET' && request.method !== 'HEAD') requireSameOrigin(context, request)
  const session = await sessionOf(context, id)
  return session && callerOfSession(context, session)
}

const isOperator = (context: ApiContext, token: string): boolean => {
  const wanted = context.config.operatorToken
  // Digests have one length, so that the comparison tells nothing.
  return wanted !== undefined && timingSafeEqual(digest(wanted.reveal()), digest(token))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
