import type { CommitStatus } from '@pushfn/model/deploy-status'
import type { Database, Transaction } from './database.ts'
import type { Prisma } from './generated/client.ts'

/**
 * What the forge shall be told. The pipeline writes the newest word on each context here and goes on; the reporter tells
 * the forge, as often as it must, and skips what was overtaken meanwhile.
 */
export const wantReports = async (db: Database | Transaction, buildId: string, statuses: readonly CommitStatus[]) => {
  for (const status of statuses) {
    const word = { state: status.state, description: status.description, targetUrl: status.targetUrl ?? null }
    await db.report.upsert({
      where: { buildId_context: { buildId, context: status.context } },
      create: { buildId, context: status.context, ...word },
      update: { ...word, version: { increment: 1 }, tries: 0, dueAt: new Date() },
    })
  }
}

const include = {
  build: { include: { push: { include: { repository: { include: { tenant: true } } } }, log: false } },
} satisfies Prisma.ReportInclude

export type DueReport = Prisma.ReportGetPayload<{ include: typeof include }>

/** Builds with something to tell, oldest first, and all that is due of each. */
export const dueReports = async (db: Database, limit: number): Promise<DueReport[]> => {
  const due = await db.$queryRaw<{ build_id: string; context: string }[]>`
    SELECT build_id, context FROM reports WHERE sent < version AND due_at <= now() ORDER BY due_at LIMIT ${limit}`
  if (due.length === 0) return []
  return db.report.findMany({
    where: { OR: due.map((row) => ({ buildId: row.build_id, context: row.context })) },
    orderBy: { dueAt: 'asc' },
    include,
  })
}

/** The forge has this version now. */
export const reportSent = async (db: Database, report: DueReport): Promise<void> => {
  await db.report.updateMany({
    where: { buildId: report.buildId, context: report.context, sent: { lt: report.version } },
    data: { sent: report.version, tries: 0 },
  })
}

/** Try again after `delayMs`, unless there is a newer word by then. */
export const reportDelayed = async (db: Database, report: DueReport, delayMs: number): Promise<void> => {
  await db.report.updateMany({
    where: { buildId: report.buildId, context: report.context, version: report.version },
    data: { tries: { increment: 1 }, dueAt: new Date(Date.now() + delayMs) },
  })
}

/** Keeps the forge's id of the stack's check run. */
export const keepCheckId = async (db: Database, buildId: string, checkId: string): Promise<void> => {
  await db.build.update({ where: { id: buildId }, data: { checkId } })
}
