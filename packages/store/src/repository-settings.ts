import { RepositorySettings } from '@pushfn/model/repository-settings'
import { z } from 'zod'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'
import type { Repository } from './repositories.ts'

/** What a newer or an older version of the cloud has stored besides is passed over, not an error. */
const Stored = z.object(RepositorySettings.shape)

/** The repository's settings: none but what its tenant said. */
export const settingsOf = (repository: Pick<Repository, 'deployBranch' | 'settings'>): RepositorySettings => ({
  ...Stored.parse(repository.settings ?? {}),
  ...(repository.deployBranch !== null && { deployBranch: repository.deployBranch }),
})

/** Puts settings in the place of those that are. They count from the next push on. */
export const setRepositorySettings = async (
  db: Database,
  repositoryId: string,
  { deployBranch, ...settings }: RepositorySettings,
): Promise<RepositorySettings> =>
  settingsOf(
    await db.repository.update({
      where: { id: repositoryId },
      data: { deployBranch: deployBranch ?? null, settings },
    }),
  )

/** Another owner begins anew: what the former one settled is not theirs. */
export const forgetRepositorySettings = async (tx: Transaction, repositoryId: string): Promise<void> => {
  await tx.repository.update({ where: { id: repositoryId }, data: { deployBranch: null, settings: Prisma.DbNull } })
}
