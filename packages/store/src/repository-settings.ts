import { AppError } from '@pushfn/model/errors'
import { RepositorySettings } from '@pushfn/model/repository-settings'
import { z } from 'zod'
import type { Stopped } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import { endEnvironments } from './end-environments.ts'
import { Prisma } from './generated/client.ts'
import { deployBranchOf, type Repository } from './repositories.ts'

/** What a newer or an older version of the cloud has stored besides is passed over, not an error. */
const Stored = z.object(RepositorySettings.shape)

/** The repository's settings: none but what its tenant said. */
export const settingsOf = (repository: Pick<Repository, 'deployBranch' | 'settings'>): RepositorySettings => ({
  ...Stored.parse(repository.settings ?? {}),
  ...(repository.deployBranch !== null && { deployBranch: repository.deployBranch }),
})

/**
 * Puts settings in the place of those that are. They count from the next push on; an environment that is among them no more
 * ends at once. Throws CONFLICT when an environment has the branch that deploys.
 */
export const setRepositorySettings = (
  db: Database,
  repositoryId: string,
  wanted: RepositorySettings,
): Promise<{ settings: RepositorySettings; stopped: Stopped }> =>
  db.$transaction(async (tx) => {
    const [before] = await tx.$queryRaw<Pick<Repository, 'settings'>[]>`
      SELECT settings FROM repositories WHERE id = ${repositoryId}::uuid FOR UPDATE`
    const { deployBranch, ...settings } = wanted
    const repository = await tx.repository.update({
      where: { id: repositoryId },
      data: { deployBranch: deployBranch ?? null, settings },
    })
    refuseIfDeployed(repository, wanted)
    const names = Object.keys(Stored.parse(before?.settings ?? {}).environments ?? {})
    const gone = names.filter((name) => wanted.environments?.[name] === undefined)
    return { settings: settingsOf(repository), stopped: await endEnvironments(tx, repositoryId, gone) }
  })

const refuseIfDeployed = (repository: Repository, { environments = {} }: RepositorySettings): void => {
  const deploys = deployBranchOf(repository)
  const [name] = Object.entries(environments).find(([, { branch }]) => branch === deploys) ?? []
  if (name === undefined) return
  throw new AppError('CONFLICT', `${deploys} deploys`, {
    hint: `environments.${name}.branch: “${deploys}” is the branch that deploys: name another branch here, or another “deployBranch”`,
  })
}

/** Another owner begins anew: what the former one settled is not theirs. */
export const forgetRepositorySettings = async (tx: Transaction, repositoryId: string): Promise<void> => {
  await tx.repository.update({ where: { id: repositoryId }, data: { deployBranch: null, settings: Prisma.DbNull } })
}
