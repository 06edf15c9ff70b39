import type { Database, Transaction } from './database.ts'
import type { ForgeKind } from './generated/client.ts'

export interface DeliveryFacts {
  forge: ForgeKind
  /** The forge's delivery id: the same at every redelivery. */
  id: string
  event: string
  action?: string
}

/** What became of a delivery, as the ledger keeps it. */
export interface Outcome {
  outcome: 'accepted' | 'ignored'
  reason?: string
}

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
    const inserted = await tx.$executeRaw`
      INSERT INTO deliveries (forge, id, event, action, outcome)
      VALUES (${delivery.forge}::"ForgeKind", ${delivery.id}, ${delivery.event}, ${delivery.action ?? null}, 'accepted')
      ON CONFLICT DO NOTHING`
    if (inserted === 0) return undefined
    const result = await apply(tx)
    await tx.delivery.update({
      where: { forge_id: { forge: delivery.forge, id: delivery.id } },
      data: { outcome: result.outcome, reason: result.reason ?? null },
    })
    return result
  })
