import type { ApiRoute } from '@pushfn/model/api-route'
import { AppError } from '@pushfn/model/errors'
import { TenantSlug } from '@pushfn/model/names'
import { isEnough, Role } from '@pushfn/model/roles'
import { type Tenant, tenantBySlug } from '@pushfn/store/tenants'
import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { type Caller, requireCaller } from './caller.ts'

/** What was decided of a request: who asks, and of which tenant. Absent where anybody may ask, and without one in the path. */
export interface Decision {
  caller?: Caller
  tenant?: Tenant
}

/**
 * The one place that decides who may use a route of the REST API, by what the list of routes says of it. Throws
 * UNAUTHENTICATED for nobody, NOT_FOUND for another's tenant (to all others there is no such one), FORBIDDEN for who may look
 * at it but not do this.
 */
export const decide = async (
  context: ApiContext,
  request: FastifyRequest,
  { for: who }: Pick<ApiRoute, 'for'>,
  slug: string | undefined,
): Promise<Decision> => {
  // The session's own routes look at the page themselves.
  if (who === 'anybody' || who === 'page') return {}
  const caller = await requireCaller(context, request)
  if (who === 'signed-in') return { caller }
  if (who === 'operator') {
    if (caller.kind !== 'operator') throw operatorsOnly()
    return slug === undefined ? { caller } : { caller, tenant: await tenantNamed(context, slug) }
  }
  if (caller.kind === 'operator') return { caller, tenant: await tenantNamed(context, slug ?? '') }
  const access = caller.access.find(({ tenant }) => tenant.slug === slug)
  if (!access) throw noSuchTenant(slug ?? '')
  requireRole(access.role, who)
  return { caller, tenant: access.tenant }
}

/** Throws FORBIDDEN when the role is too small. */
export const requireRole = (has: Role, needed: Role): void => {
  if (isEnough(has, needed)) return
  throw new AppError('FORBIDDEN', `${has} instead of ${needed}`, {
    hint: `that is for ${Role.options.filter((role) => isEnough(role, needed)).join(' and ')}, your access is that of a ${has}`,
  })
}

const tenantNamed = async (context: ApiContext, slug: string): Promise<Tenant> => {
  const tenant = TenantSlug.safeParse(slug).success ? await tenantBySlug(context.db, slug) : undefined
  if (!tenant) throw noSuchTenant(slug)
  return tenant
}

const noSuchTenant = (slug: string): AppError =>
  new AppError('NOT_FOUND', 'no such tenant', { hint: `there is no tenant “${slug.slice(0, 63)}” for you` })

const operatorsOnly = (): AppError =>
  new AppError('FORBIDDEN', 'operators only', { hint: 'only operators of this cloud may do that' })
