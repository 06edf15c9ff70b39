import type { ForgeRepository } from './forge.ts'

/** What of a repository's row, with its tenant's, a forge goes by. */
export interface StoredRepository {
  forgeRepositoryId: string
  name: string
  isPrivate: boolean
  defaultBranch: string
  installationId: string | null
  tenant: { login: string; forgeAccountId: string }
}

/** A repository's row in the forge's words. */
export const forgeRepository = (repository: StoredRepository): ForgeRepository => ({
  id: repository.forgeRepositoryId,
  name: repository.name,
  owner: repository.tenant.login,
  ownerId: repository.tenant.forgeAccountId,
  isPrivate: repository.isPrivate,
  defaultBranch: repository.defaultBranch,
  ...(repository.installationId && { installationId: repository.installationId }),
})
