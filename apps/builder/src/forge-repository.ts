import type { ForgeRepository } from '@pushfn/forge/forge'
import type { ClaimedBuild } from '@pushfn/store/builds'

/** A repository's row in the forge's words. */
export const forgeRepository = (repository: ClaimedBuild['push']['repository']): ForgeRepository => ({
  id: repository.forgeRepositoryId,
  name: repository.name,
  owner: repository.tenant.login,
  ownerId: repository.tenant.forgeAccountId,
  isPrivate: repository.isPrivate,
  defaultBranch: repository.defaultBranch,
  ...(repository.installationId && { installationId: repository.installationId }),
})
