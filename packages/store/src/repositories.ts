import { randomUUID } from 'node:crypto'
import { LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import type { RepositoryName } from '@pushfn/model/names'
import { CANCEL_REASONS, cancelBuilds, type Stopped } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import type { ForgeKind, Repository } from './generated/client.ts'

export type { Repository } from './generated/client.ts'

export interface RepositoryFacts {
  forge: ForgeKind
  /** The forge's numeric id. */
  id: string
  name: string
  isPrivate: boolean
  defaultBranch?: string
  installationId?: string
}

/** The repository of a forge's id, made when it is new, with the name and facts it has today. */
export const ensureRepository = async (
  tx: Transaction,
  tenantId: string,
  facts: RepositoryFacts,
): Promise<Repository> => {
  const today = {
    tenantId,
    name: facts.name,
    isPrivate: facts.isPrivate,
    ...(facts.defaultBranch && { defaultBranch: facts.defaultBranch }),
    ...(facts.installationId && { installationId: facts.installationId }),
  }
  return tx.repository.upsert({
    where: { forge_forgeRepositoryId: { forge: facts.forge, forgeRepositoryId: facts.id } },
    create: { defaultBranch: 'main', ...today, forge: facts.forge, forgeRepositoryId: facts.id },
    update: { ...today, removedAt: null },
  })
}

/**
 * Many repositories of one tenant as `ensureRepository` makes each: an account may let in thousands in one delivery, and it
 * waits for its answer.
 */
export const ensureRepositories = async (
  tx: Transaction,
  tenantId: string,
  installation: { forge: ForgeKind; installationId: string },
  repositories: readonly Pick<RepositoryFacts, 'id' | 'name' | 'isPrivate'>[],
): Promise<void> => {
  const { forge, installationId } = installation
  // In one order, so that two deliveries at once do not wait for each other's rows.
  const sorted = [...new Map(repositories.map((one) => [one.id, one])).values()].toSorted((one, other) =>
    one.id < other.id ? -1 : 1,
  )
  // The id is a UUID of version 7: the milliseconds, and then chance.
  await tx.$executeRaw`
    INSERT INTO repositories AS r
      (id, tenant_id, forge, forge_repository_id, name, is_private, default_branch, installation_id)
    SELECT overlay(overlay(gen_random_uuid()::text PLACING '7' FROM 15) PLACING
        (SELECT substr(ms, 1, 8) || '-' || substr(ms, 9, 4)
          FROM lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') AS ms) FROM 1)::uuid,
      ${tenantId}::uuid, ${forge}::"ForgeKind", today.id, today.name, today.is_private, 'main', ${installationId}
    FROM unnest(${sorted.map(({ id }) => id)}::text[], ${sorted.map(({ name }) => name)}::text[],
      ${sorted.map(({ isPrivate }) => isPrivate)}::boolean[]) AS today (id, name, is_private)
    ON CONFLICT (forge, forge_repository_id) DO UPDATE SET tenant_id = excluded.tenant_id, name = excluded.name,
      is_private = excluded.is_private, installation_id = excluded.installation_id, removed_at = NULL`
}

export const repositoriesByForgeIds = (
  tx: Transaction,
  forge: ForgeKind,
  ids: readonly string[],
): Promise<Repository[]> => tx.repository.findMany({ where: { forge, forgeRepositoryId: { in: [...ids] } } })

export const repositoryByForgeId = async (
  tx: Transaction,
  forge: ForgeKind,
  id: string,
): Promise<Repository | undefined> =>
  (await tx.repository.findUnique({ where: { forge_forgeRepositoryId: { forge, forgeRepositoryId: id } } })) ??
  undefined

/** A repository of the builtin forge by its name, which is its key there; undefined when it was never pushed to. */
export const builtinRepository = async (
  db: Database,
  tenantId: string,
  name: RepositoryName,
): Promise<Repository | undefined> =>
  (await db.repository.findFirst({ where: { tenantId, forge: 'builtin', name, removedAt: null } })) ?? undefined

/** Makes a repository of the builtin forge at its first push. */
export const ensureBuiltinRepository = (db: Database, tenantId: string, name: RepositoryName): Promise<Repository> =>
  db.$transaction(async (tx) => (await lockBuiltin(tx, tenantId, name)) ?? createBuiltin(tx, { tenantId, name }))

/** Makes a repository of the builtin forge whose files are there already, under this id. Throws CONFLICT for a name that is taken. */
export const createBuiltinRepository = (
  db: Database,
  of: { id: string; tenantId: string; name: RepositoryName },
): Promise<Repository> =>
  db.$transaction(async (tx) => {
    if (await lockBuiltin(tx, of.tenantId, of.name)) throw takenRepository(of.name)
    return createBuiltin(tx, of)
  })

export const takenRepository = (name: string): AppError =>
  new AppError('CONFLICT', 'the name is taken', {
    hint: `you have a repository “${name}” already: choose another name`,
  })

/** Two first pushes at once make one repository. Gives the one that is there. */
const lockBuiltin = async (tx: Transaction, tenantId: string, name: RepositoryName) => {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${`pushfn:repository:${tenantId}/${name}`}))`
  return tx.repository.findFirst({ where: { tenantId, forge: 'builtin', name, removedAt: null } })
}

const createBuiltin = (tx: Transaction, of: { id?: string; tenantId: string; name: RepositoryName }) =>
  tx.repository.create({
    data: { ...of, forge: 'builtin', forgeRepositoryId: randomUUID(), isPrivate: true, defaultBranch: 'main' },
  })

/** A tenant's repositories that are not removed, by name. */
export const repositoriesOf = (db: Database, tenantId: string): Promise<Repository[]> =>
  db.repository.findMany({ where: { tenantId, removedAt: null }, orderBy: [{ name: 'asc' }, { createdAt: 'asc' }] })

/** A tenant's repository by the name it has now; undefined when there is none that is not removed. */
export const repositoryNamed = async (db: Database, tenantId: string, name: string): Promise<Repository | undefined> =>
  (await db.repository.findFirst({
    where: { tenantId, name, removedAt: null },
    // A name that was freed by a rename nobody told of may stand twice: the younger one has it now.
    orderBy: { createdAt: 'desc' },
  })) ?? undefined

/**
 * Marks repositories removed and their functions with them, and cancels their builds. When they come back within the grace
 * time, `restoreFunctions` undoes it; later their next push does. Returns for whom bells are to be rung.
 */
export const removeRepositories = async (
  tx: Transaction,
  repositoryIds: readonly string[],
  reason: string = CANCEL_REASONS.repositoryRemoved,
): Promise<Stopped> => {
  const ids = [...repositoryIds]
  const now = new Date()
  await tx.repository.updateMany({ where: { id: { in: ids } }, data: { removedAt: now } })
  const builds = await cancelBuilds(tx, { id: { in: ids } }, reason)
  const functions = await tx.$queryRaw<{ id: string }[]>`
    UPDATE functions f SET removed_at = ${now}, restorable_id =
      (SELECT a.revision_id FROM aliases a WHERE a.function_id = f.id AND a.name = ${LIVE})
    WHERE f.repository_id = ANY(${ids}::uuid[]) AND f.removed_at IS NULL RETURNING f.id`
  return { functions: functions.map((fn) => fn.id), builds }
}

/** The branch whose pushes deploy. */
export const deployBranchOf = (repository: Repository): string => repository.deployBranch ?? repository.defaultBranch
