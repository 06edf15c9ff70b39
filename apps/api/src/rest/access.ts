import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { BuildId } from '@pushfn/model/ids'
import { RepositoryName, TenantSlug } from '@pushfn/model/names'
import { type BuildRow, buildOf } from '@pushfn/store/build-list'
import { type Repository, repositoryNamed } from '@pushfn/store/repositories'
import { type Tenant, tenantBySlug } from '@pushfn/store/tenants'
import { tenantOfToken } from '@pushfn/store/tokens'
import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { requireSameOrigin } from './same-origin.ts'
import { sessionIdFrom } from './session-cookie.ts'
import { tokenOfSession } from './sessions.ts'

/** Who asks, and what of: the one place that decides about API requests. */
export type Caller = { kind: 'operator' } | { kind: 'tenant'; tenant: Tenant }

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
  const tenant = await tenantOfToken(context.db, token)
  return tenant && { kind: 'tenant', tenant }
}

/** Throws UNAUTHENTICATED or FORBIDDEN unless an operator asks. */
export const requireOperator = async (context: ApiContext, request: FastifyRequest): Promise<void> => {
  const caller = await requireCaller(context, request)
  if (caller.kind === 'operator') return
  throw new AppError('FORBIDDEN', 'operators only', { hint: 'only operators of this cloud may do that' })
}

/** The tenant of the path, when it asks itself or an operator does. To all others there is no such tenant. */
export const requireTenant = async (context: ApiContext, request: FastifyRequest, slug: string): Promise<Tenant> => {
  const caller = await requireCaller(context, request)
  const tenant = caller.kind === 'tenant' ? caller.tenant : await tenantNamed(context, slug)
  if (tenant?.slug === slug) return tenant
  throw new AppError('NOT_FOUND', 'no such tenant', { hint: `there is no tenant “${slug.slice(0, 63)}” for you` })
}

const tenantNamed = async (context: ApiContext, slug: string): Promise<Tenant | undefined> =>
  TenantSlug.safeParse(slug).success ? tenantBySlug(context.db, slug) : undefined

/** A build of the tenant. Throws NOT_FOUND when the tenant has none of that id, whoever else may have. */
export const requireBuild = async (context: ApiContext, tenant: Tenant, id: string): Promise<BuildRow> => {
  const build = BuildId.safeParse(id).success ? await buildOf(context.db, tenant.id, id) : undefined
  if (!build) throw noSuchBuild()
  return build
}

/** A repository of the tenant, by its name. Throws NOT_FOUND when the tenant has none of that name. */
export const requireRepository = async (context: ApiContext, tenant: Tenant, name: string): Promise<Repository> => {
  const repository = RepositoryName.safeParse(name).success
    ? await repositoryNamed(context.db, tenant.id, name)
    : undefined
  if (repository) return repository
  throw new AppError('NOT_FOUND', 'no such repository', {
    hint: 'you have no repository of that name here: it is known from its first push on',
  })
}

/** The tenant whose build somebody followed a link to: the caller's own, or to operators the one that has it. */
export const requireTenantOfBuild = async (
  context: ApiContext,
  request: FastifyRequest,
  id: string,
): Promise<Tenant> => {
  const caller = await requireCaller(context, request)
  if (caller.kind === 'tenant') return caller.tenant
  if (!BuildId.safeParse(id).success) throw noSuchBuild()
  const tenant = await context.db.tenant.findFirst({
    where: { repositories: { some: { pushes: { some: { build: { id } } } } } },
  })
  if (!tenant) throw noSuchBuild()
  return tenant
}

const noSuchBuild = (): AppError =>
  new AppError('NOT_FOUND', 'no such build', {
    hint: 'there is no such build for you: is it of the tenant you are signed in as?',
  })

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
