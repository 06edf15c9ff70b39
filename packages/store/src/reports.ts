import type { CommitStatus } from '@pushfn/model/deploy-status'
import type { Database, Transaction } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/**
 * What the forge shall be told. The pipeline writes the newest word on each context here and goes on; the reporter tells
 * the forge, as often as it must, and skips what was overtaken meanwhile.
 */
export const wantReports = async (db: Database | Transaction, buildId: string, statuses: readonly CommitStatus[]) => {
  for (const { context, state, description, targetUrl = null } of statuses) {
    // A build that is tried again says the same again: the forge need not hear it twice.
    await db.$executeRaw`
      INSERT INTO reports AS known (build_id, context, state, description, target_url)
      VALUES (${buildId}::uuid, ${context}, ${state}::"CommitState", ${storable(description)}, ${targetUrl})
      ON CONFLICT (build_id, context) DO UPDATE SET state = excluded.state, description = excluded.description,
        target_url = excluded.target_url, version = known.version + 1, tries = 0, due_at = now()
      WHERE (known.state, known.description) IS DISTINCT FROM (excluded.state, excluded.description)
        OR known.target_url IS DISTINCT FROM excluded.target_url`
  }
}

const include = {
  build: { include: { push: { include: { repository: { include: { tenant: true } } } }, log: false } },
} satisfies Prisma.ReportInclude

export type DueReport = Prisma.ReportGetPayload<{ include: typeof include }>

/** So long no other reporter takes what one has taken; who died meanwhile is followed by another then. */
const TAKEN_FOR_MS = 30_000

/** Takes builds with something to tell, oldest first, and all that is due of each. */
export const dueReports = async (db: Database, limit: number): Promise<DueReport[]> => {
  const due = await db.$queryRaw<{ build_id: string; context: string }[]>`
    UPDATE reports SET due_at = now() + ${TAKEN_FOR_MS} * interval '1 millisecond'
    WHERE (build_id, context) IN (
      SELECT build_id, context FROM reports WHERE sent < version AND due_at <= now()
      ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING build_id, context`
  if (due.length === 0) return []
  return db.report.findMany({
    where: { OR: due.map((row) => ({ buildId: row.build_id, context: row.context })) },
    orderBy: { build: { createdAt: 'asc' } },
    include,
  })
}

/**
 * The forge has this version now. When another reporter told a newer one meanwhile, nobody knows which of the two came
 * last: the newest is due once more.
 */
export const reportSent = async (db: Database, report: DueReport): Promise<void> => {
  await db.$executeRaw`
    UPDATE reports SET tries = 0, sent = CASE WHEN sent > ${report.version} THEN 0 ELSE ${report.version} END,
      due_at = CASE WHEN sent > ${report.version} THEN now() ELSE due_at END
    WHERE build_id = ${report.buildId}::uuid AND context = ${report.context}`
}

/** Try again after `delayMs`, unless there is a newer word by then. */
export const reportDelayed = async (db: Database, report: DueReport, delayMs: number): Promise<void> => {
  await db.report.updateMany({
    where: { buildId: report.buildId, context: report.context, version: report.version },
    data: { tries: { increment: 1 }, dueAt: new Date(Date.now() + delayMs) },
  })
}

/** Gives back what was taken and not told: another reporter need not wait. */
export const returnReports = async (db: Database, reports: readonly DueReport[]): Promise<void> => {
  await db.report.updateMany({
    where: { OR: reports.map(({ buildId, context, version }) => ({ buildId, context, version })) },
    data: { dueAt: new Date() },
  })
}

/** Keeps the forge's id of the stack's check run. */
export const keepCheckId = async (db: Database, buildId: string, checkId: string): Promise<void> => {
  await db.build.update({ where: { id: buildId }, data: { checkId } })
}
