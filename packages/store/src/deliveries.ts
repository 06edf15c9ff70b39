import type { Database, Transaction } from './database.ts'
import { type ForgeKind, Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

export interface DeliveryFacts {
  forge: ForgeKind
  /** The forge's delivery id: the same at every redelivery. */
  id: string
  event: string
  action?: string
  /** Whose it is, and which repository it is about, by the forge's numeric ids. */
  account?: { id: string; login: string }
  repository?: { id: string; name: string }
  /** What it means, as JSON: kept, so that it can be applied again. */
  events?: readonly object[]
}

/** What became of a delivery, as the ledger keeps it. */
export interface Outcome {
  outcome: 'accepted' | 'ignored'
  reason?: string
}

/** An installation of some two thousand repositories is kept; of larger ones the ledger has all but the events. */
const MAX_EVENTS_BYTES = 262_144

/**
 * Stores a delivery and all that it changes in ONE transaction: after this returns it cannot be lost, and before it
 * returns nothing of it is there. A delivery that is known already changes nothing and gives undefined.
 */
export const recordDelivery = <Result extends Outcome>(
  db: Database,
  delivery: DeliveryFacts,
  apply: (tx: Transaction) => Promise<Result>,
): Promise<Result | undefined> =>
  db.$transaction(async (tx) => {
    // Of many copies at once the first one inserts; the others wait for it here and then find it.
    const { count } = await tx.delivery.createMany({ data: rowOf(delivery), skipDuplicates: true })
    if (count === 0) return undefined
    const result = await apply(tx)
    await tx.delivery.update({
      where: { forge_id: { forge: delivery.forge, id: delivery.id } },
      data: { outcome: result.outcome, reason: result.reason ?? null },
    })
    return result
  })

const rowOf = ({ account, repository, events, ...facts }: DeliveryFacts): Prisma.DeliveryCreateManyInput => ({
  ...facts,
  outcome: 'accepted',
  forgeAccountId: account?.id ?? null,
  login: account?.login ?? null,
  forgeRepositoryId: repository?.id ?? null,
  repositoryName: repository?.name ?? null,
  events: kept(events ?? []),
})

const kept = (events: readonly object[]): Prisma.InputJsonValue | typeof Prisma.DbNull => {
  const json = JSON.stringify(storable(events))
  if (events.length === 0 || json.length > MAX_EVENTS_BYTES) return Prisma.DbNull
  return JSON.parse(json)
}
