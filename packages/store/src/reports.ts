import type { CommitStatus } from '@pushfn/model/deploy-status'
import type { Database, Transaction } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/** How long a word that something is under way waits for the one that follows: a quick push is told of once, at its end. */
export const PENDING_AFTER_MS = 2_000

/** A word on the commit, or on its deployment. */
export interface WantedReport extends CommitStatus {
  /** The environment that the commit is brought to: then it is a deployment's, and its target is where it answers. */
  environment?: string
  /** Of a deployment: it is not there any more. */
  isOver?: boolean
}

/**
 * What the forge shall be told. The pipeline writes the newest word on each context here and goes on; the reporter tells
 * the forge, as often as it must, and skips what was overtaken meanwhile.
 */
export const wantReports = async (
  db: Database | Transaction,
  buildId: string,
  reports: readonly WantedReport[],
  pendingAfterMs = PENDING_AFTER_MS,
) => {
  for (const { context, state, description, targetUrl = null, environment = null, isOver = false } of reports) {
    const afterMs = state === 'pending' ? pendingAfterMs : 0
    // A build that is tried again says the same again: the forge need not hear it twice.
    await db.$executeRaw`
      INSERT INTO reports AS known (build_id, context, state, description, target_url, environment, is_over, due_at)
      VALUES (${buildId}::uuid, ${context}, ${state}::"CommitState", ${storable(description)}, ${targetUrl},
        ${environment}, ${isOver}, now() + ${afterMs} * interval '1 millisecond')
      ON CONFLICT (build_id, context) DO UPDATE SET state = excluded.state, description = excluded.description,
        target_url = excluded.target_url, is_over = excluded.is_over, version = known.version + 1, tries = 0,
        due_at = CASE WHEN known.sent = 0 AND excluded.state = 'pending' THEN excluded.due_at
          ELSE least(known.due_at, excluded.due_at) END
      WHERE (known.state, known.description) IS DISTINCT FROM (excluded.state, excluded.description)
        OR (known.target_url, known.is_over) IS DISTINCT FROM (excluded.target_url, excluded.is_over)`
  }
}

/** Deployments of those pushes' builds are over: the forge's environments shall show them no more. */
export const endDeployments = async (
  tx: Transaction,
  pushes: Prisma.PushWhereInput,
  description: string,
): Promise<void> => {
  await tx.report.updateMany({
    where: { environment: { not: null }, isOver: false, build: { push: pushes } },
    data: { isOver: true, description: storable(description), version: { increment: 1 }, tries: 0, dueAt: new Date() },
  })
}

const include = {
  build: {
    include: {
      push: { include: { repository: { include: { tenant: true } } } },
      reports: { select: { context: true } },
      log: false,
    },
  },
} satisfies Prisma.ReportInclude

export type DueReport = Prisma.ReportGetPayload<{ include: typeof include }>

/** So long no other reporter takes what one has taken, unless that one holds it longer; who died is followed by another. */
const TAKEN_FOR_MS = 30_000

/** How often a report that takes long to tell must be held. */
export const HOLD_EVERY_MS = TAKEN_FOR_MS / 3

/** Takes builds with something to tell, oldest first, and all that is due of each. */
export const dueReports = async (db: Database, limit: number): Promise<DueReport[]> => {
  const due = await db.$queryRaw<{ build_id: string; context: string }[]>`
    UPDATE reports SET taken_until = now() + ${TAKEN_FOR_MS} * interval '1 millisecond', takes = takes + 1
    WHERE (build_id, context) IN (
      SELECT build_id, context FROM reports
      WHERE sent < version AND due_at <= now() AND (taken_until IS NULL OR taken_until <= now())
      ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING build_id, context`
  if (due.length === 0) return []
  return db.report.findMany({
    where: { OR: due.map((row) => ({ buildId: row.build_id, context: row.context })) },
    orderBy: { build: { createdAt: 'asc' } },
    include,
  })
}

/** What was taken as it stands now; undefined when it is another's by now, or nothing of it is left to be told. */
export const currentReport = async (db: Database, taken: DueReport): Promise<DueReport | undefined> => {
  const { buildId, context } = taken
  const report = await db.report.findUnique({ where: { buildId_context: { buildId, context } }, include })
  return report && report.takes === taken.takes && report.sent < report.version ? report : undefined
}

/** Whether an earlier take of this word ended without anybody knowing what the forge got. */
export const mayBeTold = ({ takes, toldTake }: Pick<DueReport, 'takes' | 'toldTake'>): boolean => takes - toldTake > 1

/**
 * Whether a later build has its own word on the same commit, or in the same environment: then an older build's first one
 * comes too late.
 */
export const isOvertaken = async (db: Database, { build, context, environment }: DueReport): Promise<boolean> => {
  const { repositoryId, sha } = build.push
  const push = { repositoryId, ...(environment === null && { sha }) }
  const later = { createdAt: { gt: build.createdAt }, push }
  return (await db.report.findFirst({ where: { context, build: later }, select: { context: true } })) !== null
}

/** Keeps what was taken while it is being told. */
export const holdReport = async (db: Database, { buildId, context, takes }: DueReport): Promise<void> => {
  await db.$executeRaw`
    UPDATE reports SET taken_until = now() + ${TAKEN_FOR_MS} * interval '1 millisecond'
    WHERE build_id = ${buildId}::uuid AND context = ${context} AND takes = ${takes} AND taken_until IS NOT NULL`
}

/**
 * The forge has this version now, under `forgeId` when that is an id of its own. When another reporter took the report meanwhile,
 * nobody knows whose word came last: the newest is due once more.
 */
export const reportSent = async (db: Database, report: DueReport, forgeId = report.forgeId): Promise<void> => {
  const { buildId, context, takes, version } = report
  await db.$executeRaw`
    UPDATE reports SET tries = 0, forge_id = coalesce(${forgeId}, forge_id),
      sent = CASE WHEN takes > ${takes} THEN 0 ELSE ${version} END,
      due_at = CASE WHEN takes > ${takes} THEN now() ELSE due_at END,
      taken_until = CASE WHEN takes > ${takes} THEN taken_until END,
      told_take = CASE WHEN takes > ${takes} THEN told_take ELSE takes END,
      takes = CASE WHEN takes > ${takes} THEN takes + 1 ELSE takes END
    WHERE build_id = ${buildId}::uuid AND context = ${context}`
}

/** Try again after `delayMs`, or at once when there is a newer word by then. */
export const reportDelayed = async (db: Database, report: DueReport, delayMs: number): Promise<void> => {
  const { buildId, context, takes, version } = report
  await db.$executeRaw`
    UPDATE reports SET taken_until = NULL,
      tries = CASE WHEN version = ${version} THEN tries + 1 ELSE tries END,
      due_at = CASE WHEN version = ${version} THEN now() + ${delayMs} * interval '1 millisecond' ELSE due_at END
    WHERE build_id = ${buildId}::uuid AND context = ${context} AND takes = ${takes}`
}

/** Gives back what was taken and not told: another reporter need not wait. */
export const returnReports = async (db: Database, reports: readonly DueReport[]): Promise<void> => {
  await db.report.updateMany({
    where: { OR: reports.map(({ buildId, context, takes }) => ({ buildId, context, takes })) },
    data: { takenUntil: null },
  })
}
