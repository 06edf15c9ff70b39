import { randomBytes } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { tokenHash } from './calls/published-tokens.ts'
import type { Database, Transaction } from './database.ts'
import type { Prisma } from './generated/client.ts'

/** One deploy in that time: whoever calls more often would only have the newest one built. */
const REST_MS = 10_000
const MOST = 20

const include = { repository: { include: { tenant: true } } } satisfies Prisma.BuildHookInclude
export type BuildHookRow = Omit<Prisma.BuildHookGetPayload<object>, 'hash'>
export type UsedHook = Prisma.BuildHookGetPayload<{ include: typeof include }>

/** Makes a hook and returns its token: the only time that it can be seen. Throws CONFLICT when there are too many. */
export const createBuildHook = async (
  db: Database,
  repositoryId: string,
  about: { name: string; branch: string | null },
): Promise<{ token: string; row: BuildHookRow }> => {
  if ((await db.buildHook.count({ where: { repositoryId } })) >= MOST) {
    throw new AppError('CONFLICT', 'too many hooks', { hint: `a repository has ${MOST} hooks at most: take one away` })
  }
  const token = `pfh_${randomBytes(24).toString('base64url')}`
  const row = await db.buildHook.create({ data: { repositoryId, ...about, hash: tokenHash(token) } })
  return { token, row }
}

/** The repository's hooks, newest first. */
export const buildHooksOf = (db: Database, repositoryId: string): Promise<BuildHookRow[]> =>
  db.buildHook.findMany({ where: { repositoryId }, omit: { hash: true }, orderBy: { id: 'desc' } })

/** Takes a hook away. False when the repository has none of that id. */
export const removeBuildHook = async (db: Database, repositoryId: string, id: string): Promise<boolean> =>
  (await db.buildHook.deleteMany({ where: { id, repositoryId } })).count > 0

/** All hooks of a repository go: its new owner did not make them. */
export const forgetBuildHooks = async (tx: Transaction, repositoryId: string): Promise<void> => {
  await tx.buildHook.deleteMany({ where: { repositoryId } })
}

/**
 * The hook that a token opens, which then rests for a while; undefined when it opens none, or its repository or tenant is
 * gone or suspended. Throws TOO_MANY while it rests.
 */
export const takeBuildHook = async (db: Database, token: string): Promise<UsedHook | undefined> => {
  const hash = tokenHash(token)
  const hook = await db.buildHook.findUnique({ where: { hash }, include })
  if (!hook || hook.repository.removedAt) return undefined
  if (hook.repository.tenant.removedAt || hook.repository.tenant.suspendedAt) return undefined
  const used = await db.$executeRaw`
    UPDATE build_hooks SET last_used_at = now()
    WHERE hash = ${hash} AND (last_used_at IS NULL OR last_used_at < now() - ${REST_MS} * interval '1 millisecond')`
  if (used > 0) return hook
  throw new AppError('TOO_MANY', 'a hook was called too often', {
    hint: `a hook deploys once in ${REST_MS / 1000} seconds: call it again later`,
  })
}
