import type { Database, Transaction } from './database.ts'
import type { Outcome } from './deliveries.ts'
import { type ForgeKind, Prisma } from './generated/client.ts'

/** The ledger: every delivery that was received, what became of it and why. */

export interface LedgerFilter {
  /** Of one account; all accounts' without. */
  account?: { forge: ForgeKind; forgeAccountId: string }
  outcome?: 'accepted' | 'ignored'
  event?: string
  /** The repository's name at that time. */
  repository?: string
}

const select = {
  entryId: true,
  forge: true,
  id: true,
  event: true,
  action: true,
  forgeAccountId: true,
  login: true,
  repositoryName: true,
  outcome: true,
  reason: true,
  receivedAt: true,
  replayedAt: true,
  replayOutcome: true,
  replayReason: true,
  pushes: {
    orderBy: { createdAt: 'asc' },
    select: {
      ref: true,
      sha: true,
      build: { select: { id: true, state: true } },
      repository: { select: { tenantId: true } },
    },
  },
} satisfies Prisma.DeliverySelect

type Row = Prisma.DeliveryGetPayload<{ select: typeof select }>

export type LedgerEntry = Row & {
  /** Its events were kept, so that they can be applied again. */
  isReplayable: boolean
}

/** Deliveries, newest first, `limit` of them before the entry `before`. */
export const ledgerPage = async (
  db: Database,
  { account, outcome, event, repository }: LedgerFilter,
  page: { limit: number; before?: string },
): Promise<LedgerEntry[]> => {
  const rows = await db.delivery.findMany({
    where: {
      ...account,
      ...(outcome && { outcome }),
      ...(event && { event }),
      ...(repository && { repositoryName: repository }),
      ...(page.before && { entryId: { lt: page.before } }),
    },
    orderBy: { entryId: 'desc' },
    take: page.limit,
    select,
  })
  return withReplayability(db, rows)
}

/** One entry, undefined when there is none of that id, or it is another account's. */
export const ledgerEntry = async (
  db: Database,
  entryId: string,
  account?: LedgerFilter['account'],
): Promise<LedgerEntry | undefined> =>
  (await withReplayability(db, await db.delivery.findMany({ where: { entryId, ...account }, select })))[0]

const withReplayability = async (db: Database, rows: readonly Row[]): Promise<LedgerEntry[]> => {
  const kept = await db.delivery.findMany({
    where: { entryId: { in: rows.map((row) => row.entryId) }, events: { not: Prisma.DbNull } },
    select: { entryId: true },
  })
  const replayable = new Set(kept.map((row) => row.entryId))
  return rows.map((row) => ({ ...row, isReplayable: replayable.has(row.entryId) }))
}

/** A delivery that is to be applied again. */
export interface KeptDelivery {
  forge: ForgeKind
  id: string
  entryId: string
  event: string
  forgeAccountId: string | null
  forgeRepositoryId: string | null
  receivedAt: Date
  /** As they were stored; null when they were too many. */
  events: unknown
}

/** Applies a delivery again, one replay of it after the other, and notes what came of it. */
export const replayDelivery = <Result extends Outcome>(
  db: Database,
  entryId: string,
  apply: (tx: Transaction, delivery: KeptDelivery) => Promise<Result>,
): Promise<Result> =>
  db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM deliveries WHERE entry_id = ${entryId}::uuid FOR UPDATE`
    const delivery = await tx.delivery.findUniqueOrThrow({
      where: { entryId },
      select: {
        forge: true,
        id: true,
        entryId: true,
        event: true,
        forgeAccountId: true,
        forgeRepositoryId: true,
        receivedAt: true,
        events: true,
      },
    })
    const result = await apply(tx, delivery)
    await tx.delivery.update({
      where: { entryId },
      data: { replayedAt: new Date(), replayOutcome: result.outcome, replayReason: result.reason ?? null },
    })
    return result
  })

/** The push of a ref that was told of later than a delivery, and not by it; undefined when there is none. */
export const pushSince = async (
  tx: Transaction,
  delivery: KeptDelivery,
  place: { repositoryId: string; ref: string },
): Promise<{ sha: string } | undefined> =>
  (await tx.push.findFirst({
    where: {
      ...place,
      // Below nought are those that came when the ref had moved on from them.
      sequence: { gt: 0 },
      createdAt: { gt: delivery.receivedAt },
      OR: [{ deliveryId: null }, { deliveryId: { not: delivery.id } }],
    },
    orderBy: { sequence: 'desc' },
    select: { sha: true },
  })) ?? undefined

/**
 * The delivery that told something newer of the same repository, or of its account: what installation, names and owners
 * are like today is its word. Undefined when there is none.
 */
export const tidingsSince = async (
  tx: Transaction,
  { forge, entryId, forgeAccountId, forgeRepositoryId }: KeptDelivery,
): Promise<{ event: string; action: string | null } | undefined> =>
  (await tx.delivery.findFirst({
    where: {
      forge,
      entryId: { gt: entryId },
      outcome: 'accepted',
      OR: [
        ...(forgeRepositoryId ? [{ forgeRepositoryId }] : []),
        ...(forgeAccountId ? [{ forgeAccountId, pushes: { none: {} } }] : []),
      ],
    },
    orderBy: { entryId: 'desc' },
    select: { event: true, action: true },
  })) ?? undefined

const PRUNED_AT_ONCE = 1_000

/** Takes deliveries out of the ledger that are older than so many days. Returns how many; their pushes stay. */
export const pruneDeliveries = async (db: Database, days: number): Promise<number> => {
  let pruned = 0
  for (;;) {
    const count = await db.$executeRaw`
      DELETE FROM deliveries WHERE (forge, id) IN (
        SELECT forge, id FROM deliveries WHERE received_at < now() - ${days} * interval '1 day' LIMIT ${PRUNED_AT_ONCE})`
    pruned += count
    if (count < PRUNED_AT_ONCE) return pruned
  }
}

/** When the last delivery of a forge came; undefined when none ever did. */
export const lastDeliveryAt = async (db: Database, forge: ForgeKind): Promise<Date | undefined> =>
  (await db.delivery.findFirst({ where: { forge }, orderBy: { receivedAt: 'desc' }, select: { receivedAt: true } }))
    ?.receivedAt

/** Which of a forge's delivery ids are in the ledger. */
export const knownDeliveries = async (
  db: Database,
  forge: ForgeKind,
  ids: readonly string[],
): Promise<ReadonlySet<string>> =>
  new Set(
    (await db.delivery.findMany({ where: { forge, id: { in: [...ids] } }, select: { id: true } })).map(({ id }) => id),
  )
