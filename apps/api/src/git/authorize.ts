import { verifyCheckoutToken } from '@pushfn/forge/builtin/checkout-token'
import { AppError } from '@pushfn/model/errors'
import type { Repository } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import { holderOfToken } from '@pushfn/store/tokens'
import type { ApiContext } from '../context.ts'
import { requireRole } from '../policy/policy.ts'

/** The password of Basic authentication, or a bearer token; undefined without either. */
export const credentialOf = (authorization: string | undefined): string | undefined => {
  const [scheme, value] = (authorization ?? '').split(' ')
  if (!scheme || !value) return undefined
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(colon + 1)
}

/**
 * Whether the credential may use the tenant's repositories over Git: an API token of that tenant may read, and push when it is
 * a developer's. Throws UNAUTHENTICATED without a valid one, NOT_FOUND for another tenant's (it learns nothing, not even that
 * there is one), FORBIDDEN for one that may only look.
 */
export const authorizeTenant = async (
  context: ApiContext,
  { slug, isPush }: { slug: string; isPush: boolean },
  credential: string | undefined,
): Promise<Tenant> => {
  const holder = credential ? await holderOfToken(context.db, credential) : undefined
  if (!holder) {
    throw new AppError('UNAUTHENTICATED', 'git without a valid token', {
      hint: 'the password is an API token of the tenant (any user name)',
    })
  }
  if (holder.tenant.slug !== slug) throw notFound()
  requireRole(holder.role, isPush ? 'developer' : 'viewer')
  return holder.tenant
}

/** Whether the credential is the builder's, made for this one repository and a short while: it may read only. */
export const isCheckout = (context: ApiContext, repository: Repository, credential: string | undefined): boolean =>
  credential !== undefined &&
  verifyCheckoutToken(credential, context.config.secret.reveal(), Date.now()) === repository.forgeRepositoryId

export const notFound = (): AppError => new AppError('NOT_FOUND', 'no such repository', { hint: 'no such repository' })
