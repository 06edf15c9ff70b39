import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import type { Role } from '@pushfn/model/roles'
import type { Tenant } from '@pushfn/store/tenants'
import { holderOfToken } from '@pushfn/store/tokens'
import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { requireSameOrigin } from '../rest/same-origin.ts'
import { sessionIdFrom } from '../rest/session-cookie.ts'
import { tokenOfSession } from '../rest/sessions.ts'

/** Who asks. */
export type Caller = { kind: 'operator' } | { kind: 'tenant'; tenant: Tenant; role: Role }

/** Who sent the request, by bearer token or by the console's session. Throws UNAUTHENTICATED for nobody. */
export const requireCaller = async (context: ApiContext, request: FastifyRequest): Promise<Caller> => {
  const token = bearerFrom(request) ?? (await tokenByCookie(context, request))
  const caller = token && (await callerOf(context, token))
  if (!caller) {
    throw new AppError('UNAUTHENTICATED', 'no valid token', { hint: 'send an API token: “Authorization: Bearer …”' })
  }
  return caller
}

/** Whom a token speaks for; undefined when for nobody. */
export const callerOf = async (context: ApiContext, token: string): Promise<Caller | undefined> => {
  if (isOperator(context, token)) return { kind: 'operator' }
  const holder = await holderOfToken(context.db, token)
  return holder && { kind: 'tenant', ...holder }
}

const bearerFrom = (request: FastifyRequest): string | undefined =>
  /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]

/** A browser sends its cookie along whoever made it ask, so what changes something must come from our own page. */
const tokenByCookie = async (context: ApiContext, request: FastifyRequest): Promise<string | undefined> => {
  const id = sessionIdFrom(request.headers.cookie)
  if (!id) return undefined
  if (request.method !== 'GET' && request.method !== 'HEAD') requireSameOrigin(context, request)
  return tokenOfSession(context, id)
}

const isOperator = (context: ApiContext, token: string): boolean => {
  const wanted = context.config.operatorToken
  // Digests have one length, so that the comparison tells nothing.
  return wanted !== undefined && timingSafeEqual(digest(wanted.reveal()), digest(token))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
