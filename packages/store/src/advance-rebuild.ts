import { LIVE } from '@pushfn/model/alias'
import { BuildFailure, isTerminal, TERMINAL_STATES } from '@pushfn/model/build-state'
import { type BasesToday, ImageBases, isOnOlderBase } from '@pushfn/model/image-base'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'
import { nextSequence } from './sequences.ts'

export interface Advance {
  rebuildId: string
  today: BasesToday
  /** Builds of a rebuild that run at once. */
  atOnce: number
}

/**
 * Goes on with a rebuild: notes what ended, and stores the next builds while there is room. Returns the builds to ring for.
 * Pushes go first: nothing is begun while one waits. Of two processes that try at once one does.
 */
export const advanceRebuild = (db: Database, advance: Advance): Promise<string[]> =>
  db.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<[unknown?]>`
      SELECT id FROM rebuilds WHERE id = ${advance.rebuildId}::uuid AND finished_at IS NULL FOR UPDATE SKIP LOCKED`
    if (!row) return []
    let room = advance.atOnce - (await noteEnded(tx, advance.rebuildId))
    const builds: string[] = []
    while (room > 0 && !(await doPushesWait(tx))) {
      const next = await nextRepository(tx, advance.rebuildId)
      if (!next) break
      const build = await beginRepository(tx, advance, next)
      if (build === undefined) continue
      builds.push(build)
      room -= 1
    }
    await tx.$executeRaw`
      UPDATE rebuilds SET finished_at = now() WHERE id = ${advance.rebuildId}::uuid AND NOT EXISTS (
        SELECT FROM rebuild_items WHERE rebuild_id = ${advance.rebuildId}::uuid AND state IN ('waiting', 'building'))`
    return builds
  })

/** Says of builds that ended what became of their functions. Returns how many builds still run. */
const noteEnded = async (tx: Transaction, rebuildId: string): Promise<number> => {
  const items = await tx.rebuildItem.findMany({
    where: { rebuildId, state: 'building', buildId: { not: null } },
    distinct: ['buildId'],
    include: { build: true },
  })
  const ended = items.flatMap(({ build }) => (build && isTerminal(build.state) ? [build] : []))
  for (const build of ended) {
    const of = { rebuildId, buildId: build.id, state: 'building' as const }
    if (build.state === 'live') await tx.rebuildItem.updateMany({ where: of, data: { state: 'done' } })
    // A push came: whether it brought the function onto today's base is looked up when it ended.
    else if (build.state === 'superseded')
      await tx.rebuildItem.updateMany({ where: of, data: { state: 'waiting', buildId: null } })
    else {
      const reason = BuildFailure.nullable().parse(build.failure)?.hint ?? null
      await tx.rebuildItem.updateMany({ where: of, data: { state: 'failed', reason } })
    }
  }
  return items.length - ended.length
}

const doPushesWait = async (tx: Transaction): Promise<boolean> => {
  const [row] = await tx.$queryRaw<[unknown?]>`
    SELECT b.id FROM builds b JOIN pushes p ON p.id = b.push_id
    WHERE b.state = 'queued' AND p.trigger <> 'rebuild' AND (b.lease_until IS NULL OR b.lease_until < now()) LIMIT 1`
  return row !== undefined
}

interface NextRepository {
  id: string
  tenantId: string
}

/** In fair turns: of the tenant of whom fewest functions were begun. One that is being built anyhow waits for the end of that. */
const nextRepository = async (tx: Transaction, rebuildId: string): Promise<NextRepository | undefined> => {
  const [row] = await tx.$queryRaw<[NextRepository?]>`
    SELECT f.repository_id AS id, f.tenant_id AS "tenantId" FROM rebuild_items i JOIN functions f ON f.id = i.function_id
    WHERE i.rebuild_id = ${rebuildId}::uuid AND i.state = 'waiting' AND NOT EXISTS (
      SELECT FROM builds b JOIN pushes p ON p.id = b.push_id
      WHERE p.repository_id = f.repository_id AND b.target IS NULL AND b.state NOT IN (${terminal}))
    ORDER BY (
      SELECT count(*) FROM rebuild_items o JOIN functions g ON g.id = o.function_id
      WHERE o.rebuild_id = i.rebuild_id AND g.tenant_id = f.tenant_id AND o.started_at IS NOT NULL), f.id
    LIMIT 1`
  return row
}

const terminal = Prisma.join(TERMINAL_STATES.map((state) => Prisma.sql`${state}::"BuildState"`))

interface WaitingItem {
  functionId: string
  revisionId: string | null
  sha: string | null
  ref: string | null
  message: string | null
  bases: unknown
}

/**
 * Stores a build of those waiting functions of a repository that are live at one commit and still stand on an older base;
 * the others are done with. Undefined when nothing is left to build.
 */
const beginRepository = async (
  tx: Transaction,
  { rebuildId, today }: Advance,
  { id: repositoryId }: NextRepository,
): Promise<string | undefined> => {
  const sequence = await nextSequence(tx, repositoryId)
  const rows = await tx.$queryRaw<WaitingItem[]>`
    SELECT i.function_id AS "functionId", r.id AS "revisionId", r.sha, p.ref, p.message, m.bases
    FROM rebuild_items i JOIN functions f ON f.id = i.function_id
      LEFT JOIN aliases a ON a.function_id = f.id AND a.name = ${LIVE} AND f.removed_at IS NULL
      LEFT JOIN revisions r ON r.id = a.revision_id
      LEFT JOIN image_records m ON m.digest = r.digest
      LEFT JOIN builds b ON b.id = r.build_id LEFT JOIN pushes p ON p.id = b.push_id
    WHERE i.rebuild_id = ${rebuildId}::uuid AND i.state = 'waiting' AND f.repository_id = ${repositoryId}::uuid
    ORDER BY f.name COLLATE "C"`
  const isToBeBuilt = (row: WaitingItem) =>
    row.revisionId !== null && isOnOlderBase(ImageBases.nullable().parse(row.bases), today)
  const moved = rows.filter((row) => !isToBeBuilt(row)).map(({ functionId }) => functionId)
  await tx.rebuildItem.updateMany({ where: { rebuildId, functionId: { in: moved } }, data: { state: 'moved' } })
  const first = rows.find(isToBeBuilt)
  if (!first?.sha || !first.ref) return undefined
  const { sha, ref, message } = first
  const push = await tx.push.create({
    data: {
      repositoryId,
      ref,
      sha,
      before: sha,
      sequence,
      pusher: 'operator',
      message: message ?? '',
      trigger: 'rebuild',
    },
  })
  const { id: buildId } = await tx.build.create({ data: { pushId: push.id } })
  for (const { functionId, revisionId } of rows.filter((row) => isToBeBuilt(row) && row.sha === sha)) {
    await tx.rebuildItem.updateMany({
      where: { rebuildId, functionId },
      data: { state: 'building', buildId, revisionId, startedAt: new Date() },
    })
  }
  return buildId
}
