import { LIVE } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import type { Transaction } from './database.ts'
import { Prisma, type Revision } from './generated/client.ts'

/** A function whose row is held, with the number of the choice that is being made. */
export interface HeldFunction {
  id: string
  name: string
  repositoryId: string
  sequence: bigint
}

/** What `live` can be moved to by hand. */
export type Target = 'before' | { revision: string } | { commit: string } | { alias: string }

export type KeptRevision = Pick<Revision, 'id' | 'sha' | 'state' | 'failure'>

/**
 * The one that was live before what is live now: of the revisions of older pushes that went live, the one that did so last.
 * So a rollback of a rollback goes one further back, and a push that followed a rollback goes back to what that chose.
 */
export const revisionBefore = async (tx: Transaction, fn: HeldFunction): Promise<KeptRevision> => {
  const rows = await tx.$queryRaw<KeptRevision[]>`
    SELECT r.id, r.sha, r.state, r.failure
    FROM aliases live
      JOIN revisions now ON now.id = live.revision_id
      JOIN revisions r ON r.function_id = live.function_id AND r.sequence < now.sequence
      JOIN builds b ON b.id = r.build_id JOIN pushes p ON p.id = b.push_id
    WHERE live.function_id = ${fn.id}::uuid AND live.name = ${LIVE}
      AND p.repository_id = ${fn.repositoryId}::uuid AND b.target IS NULL AND r.state = 'live' AND r.deployed_at IS NOT NULL AND r.swept_at IS NULL
    ORDER BY r.deployed_at DESC LIMIT 1`
  const [before] = rows
  if (before) return before
  throw new AppError('CONFLICT', 'nothing was live before', {
    hint: `nothing that is kept of “${fn.name}” was live before what is live now`,
  })
}

/** The revision that somebody named. Throws NOT_FOUND when the function has no such one, CONFLICT when it cannot run. */
export const chosenRevision = async (
  tx: Transaction,
  fn: HeldFunction,
  target: Exclude<Target, 'before'>,
): Promise<KeptRevision> => {
  const revision = await find(tx, fn, target)
  if (!revision) {
    const what =
      'commit' in target ? `commit ${target.commit}` : 'alias' in target ? `alias “${target.alias}”` : 'revision'
    throw new AppError('NOT_FOUND', 'no such revision', {
      hint: `“${fn.name}” has no such ${what}: it was never built here, or is not kept any more`,
    })
  }
  refuseUnfit(fn.name, revision)
  return revision
}

const find = async (tx: Transaction, fn: HeldFunction, target: Exclude<Target, 'before'>) => {
  if ('commit' in target) return (await stackRows(tx, fn.repositoryId, target.commit)).get(fn.id)
  if ('alias' in target) {
    const alias = await tx.alias.findUnique({
      where: { functionId_name: { functionId: fn.id, name: target.alias }, removedAt: null },
      include: { revision: { include: { build: true } }, wanted: { include: { build: true } } },
    })
    const revision = alias?.revision ?? alias?.wanted ?? undefined
    if (revision && revision.build.target !== null) throw isOfAnotherPlace(fn.name, target.alias)
    return revision
  }
  const build = { push: { repositoryId: fn.repositoryId }, target: { equals: Prisma.DbNull } }
  return (await tx.revision.findFirst({ where: { id: target.revision, functionId: fn.id, build } })) ?? undefined
}

/** It has another environment, and maybe commits that nobody has merged. */
const isOfAnotherPlace = (name: string, alias: string): AppError =>
  new AppError('CONFLICT', 'what was built for another place does not go live', {
    function: name,
    hint: `“${alias}” was built for another place, with an environment of its own: bring its commit to the branch that deploys`,
  })

/**
 * By function, the revisions that a commit brought. Throws NOT_FOUND when none of it is kept, CONFLICT when one of them
 * never got ready.
 */
export const stackAt = async (
  tx: Transaction,
  repositoryId: string,
  sha: string,
): Promise<ReadonlyMap<string, KeptRevision>> => {
  const revisions = await stackRows(tx, repositoryId, sha)
  if (revisions.size === 0) {
    throw new AppError('NOT_FOUND', 'no such commit', {
      hint: `nothing of commit ${sha} is kept here: it was never built, or is too old`,
    })
  }
  for (const revision of revisions.values()) refuseUnfit(revision.name, revision)
  return revisions
}

type StackRow = KeptRevision & { functionId: string; name: string }

/** A commit's own alias first: what a commit did not change has no revision of its own. */
const stackRows = async (
  tx: Transaction,
  repositoryId: string,
  sha: string,
): Promise<ReadonlyMap<string, StackRow>> => {
  const rows = await tx.$queryRaw<StackRow[]>`
    SELECT DISTINCT ON (f.id) f.id AS "functionId", f.name, r.id, r.sha, r.state::text AS state, r.failure
    FROM functions f
      LEFT JOIN aliases a ON a.function_id = f.id AND a.name = ${sha.slice(0, 8)} AND a.removed_at IS NULL
      JOIN revisions r ON r.function_id = f.id
        AND (r.id = coalesce(a.revision_id, a.wanted_revision_id) OR r.sha LIKE ${`${sha}%`})
      JOIN builds b ON b.id = r.build_id AND b.target IS NULL
      JOIN pushes p ON p.id = b.push_id AND p.repository_id = f.repository_id
    WHERE f.repository_id = ${repositoryId}::uuid
    ORDER BY f.id, (r.id IS NOT DISTINCT FROM coalesce(a.revision_id, a.wanted_revision_id)) DESC,
      (r.state IN ('live', 'built')) DESC, r.sequence DESC`
  return new Map(rows.map((row) => [row.functionId, row]))
}

const refuseUnfit = (name: string, { state, failure }: KeptRevision): void => {
  if (state !== 'failed') return
  throw new AppError('CONFLICT', 'the revision never got ready', {
    function: name,
    hint: `that revision of “${name}” never got ready: it ${failure ?? 'failed'}`,
  })
}
