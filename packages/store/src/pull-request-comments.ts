import type { BuildState } from '@pushfn/model/build-state'
import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'

const include = {
  repository: { include: { tenant: true } },
  pushes: { orderBy: { sequence: 'desc' }, take: 1, include: { build: true } },
} satisfies Prisma.PullRequestInclude

/** A pull request whose comment is to be written, with the build of its newest commit. */
export type DueComment = Prisma.PullRequestGetPayload<{ include: typeof include }> & { previews: Preview[] }

/** One function's preview. */
export interface Preview {
  name: string
  /** What callers reach there; null while nothing answers yet. */
  sha: string | null
  failure: string | null
}

/** So long nobody else takes what one has taken; who died meanwhile is followed by another then. */
const TAKEN_FOR_MS = 30_000

/** Takes pull requests whose comment is due, oldest first. */
export const dueComments = async (db: Database, limit: number): Promise<DueComment[]> => {
  const due = await db.$queryRaw<{ id: string }[]>`
    UPDATE pull_requests SET comment_due_at = now() + ${TAKEN_FOR_MS} * interval '1 millisecond'
    WHERE id IN (
      SELECT id FROM pull_requests WHERE comment_due_at <= now()
      ORDER BY comment_due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING id`
  const rows = await db.pullRequest.findMany({ where: { id: { in: due.map((row) => row.id) } }, include })
  return Promise.all(rows.map(async (row) => ({ ...row, previews: await previewsOf(db, row) })))
}

const previewsOf = async (db: Database, of: { repositoryId: string; alias: string }): Promise<Preview[]> => {
  const aliases = await db.alias.findMany({
    where: { name: of.alias, removedAt: null, function: { repositoryId: of.repositoryId, removedAt: null } },
    include: { function: true, revision: true },
    orderBy: { function: { name: 'asc' } },
  })
  return aliases.map(({ function: fn, revision, failure }) => ({ name: fn.name, sha: revision?.sha ?? null, failure }))
}

/** It comes from a fork, and nobody has let its head commit run. */
export const waitsForApproval = ({
  isOpen,
  isFork,
  approvedSha,
  headSha,
}: Pick<DueComment, 'isOpen' | 'isFork' | 'approvedSha' | 'headSha'>): boolean =>
  isOpen && isFork && approvedSha !== headSha

/** The comment says what there was to say when it was taken; what came meanwhile stays due. */
export const commentSent = async (db: Database, comment: DueComment): Promise<void> => {
  await db.pullRequest.updateMany({
    where: { id: comment.id, commentDueAt: comment.commentDueAt },
    data: { commentDueAt: null, commentTries: 0 },
  })
}

/** Try again after `delayMs`. */
export const commentDelayed = async (db: Database, comment: DueComment, delayMs: number): Promise<void> => {
  await db.pullRequest.updateMany({
    where: { id: comment.id, commentDueAt: comment.commentDueAt },
    data: { commentDueAt: new Date(Date.now() + delayMs), commentTries: { increment: 1 } },
  })
}

/** The state of the build of the newest commit; null when nothing was ever built. */
export const newestBuildState = ({ pushes }: Pick<DueComment, 'pushes'>): BuildState | null =>
  pushes[0]?.build?.state ?? null
