import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { type Tenant, tenantBySlug } from '@pushfn/store/tenants'
import { tenantOfToken } from '@pushfn/store/tokens'
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { ApiContext } from '../context.ts'
import { credentialOf } from '../git/authorize.ts'

/** Who asks, and what of: the one place that decides about API requests. */

/** Throws UNAUTHENTICATED or FORBIDDEN unless the request bears the operators' token. */
export const requireOperator = (context: ApiContext, request: FastifyRequest): void => {
  const credential = credentialFrom(request)
  if (!isOperator(context, credential)) {
    throw new AppError('FORBIDDEN', 'operators only', { hint: 'only operators of this cloud may do that' })
  }
}

/** The tenant of the path, when the request bears a token of it or the operators'. To all others there is no such tenant. */
export const requireTenant = async (context: ApiContext, request: FastifyRequest, slug: string): Promise<Tenant> => {
  const credential = credentialFrom(request)
  if (isOperator(context, credential)) {
    const tenant = await tenantBySlug(context.db, slug)
    if (tenant) return tenant
  } else {
    const tenant = await tenantOfToken(context.db, credential)
    if (!tenant) throw unauthenticated()
    if (tenant.slug === slug) return tenant
  }
  throw new AppError('NOT_FOUND', 'no such tenant', { hint: `there is no tenant “${slug}” for you` })
}

/** The body by its schema. Throws BAD_REQUEST that says what is wrong, and where. */
export const parseBody = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const hint = parsed.error.issues
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
  throw new AppError('BAD_REQUEST', 'the body does not fit', { hint })
}

const credentialFrom = (request: FastifyRequest): string => {
  const credential = credentialOf(request.headers.authorization)
  if (!credential) throw unauthenticated()
  return credential
}

const isOperator = (context: ApiContext, credential: string): boolean => {
  const wanted = context.config.operatorToken
  // Digests have one length, so that the comparison tells nothing.
  return wanted !== undefined && timingSafeEqual(digest(wanted.reveal()), digest(credential))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const unauthenticated = (): AppError =>
  new AppError('UNAUTHENTICATED', 'no valid token', { hint: 'send an API token: “Authorization: Bearer …”' })
