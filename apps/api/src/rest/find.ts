import { AppError } from '@pushfn/model/errors'
import { BuildId } from '@pushfn/model/ids'
import { RepositoryName } from '@pushfn/model/names'
import { type BuildRow, buildOf } from '@pushfn/store/build-list'
import { type Repository, repositoryNamed } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import type { Caller } from '../policy/caller.ts'

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

/** The tenant whose build somebody followed a link to, of those that the caller has access to. */
export const requireTenantOfBuild = async (context: ApiContext, caller: Caller, id: string): Promise<Tenant> => {
  if (!BuildId.safeParse(id).success) throw noSuchBuild()
  const tenant = await context.db.tenant.findFirst({
    where: {
      repositories: { some: { pushes: { some: { build: { id } } } } },
      ...(caller.kind !== 'operator' && { id: { in: caller.access.map((access) => access.tenant.id) } }),
    },
  })
  if (!tenant) throw noSuchBuild()
  return tenant
}

const noSuchBuild = (): AppError =>
  new AppError('NOT_FOUND', 'no such build', {
    hint: 'there is no such build for you: is it of the tenant you are signed in as?',
  })
