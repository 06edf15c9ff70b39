import { setTimeout as sleep } from 'node:timers/promises'
import type { Forge, ForgeKind } from '@pushfn/forge/forge'
import { knownDeliveries, lastDeliveryAt } from '@pushfn/store/ledger'
import type { ApiContext } from '../context.ts'

/** GitHub sends again what is no older. */
const MOST_MS = 3 * 86_400_000
/** What came last may be later than what failed while the database was away. */
const LEAST_MS = 3_600_000
/** A delivery may be under way for so long; clocks differ. */
const MARGIN_MS = 600_000
/** How long what was asked for may take to come: heads that are looked at before would be stored twice. */
const ARRIVAL_MS = 20_000
const LOOK_MS = 500

/**
 * Has each forge send again what failed since it was asked before, by the first look since its last delivery that came, and
 * waits a while until that is here.
 */
export const askForFailed = async (
  context: ApiContext,
  previousLook: Date | undefined,
  signal: AbortSignal,
): Promise<void> => {
  for (const forge of Object.values(context.forges)) {
    try {
      await askForge(context, forge, { previousLook, signal })
    } catch (err) {
      signal.throwIfAborted()
      context.log.warn({ err, forge: forge.kind }, 'deliveries that failed cannot be asked for; heads are compared')
    }
  }
}

const askForge = async (
  context: ApiContext,
  { kind, webhooks }: Forge,
  { previousLook, signal }: { previousLook: Date | undefined; signal: AbortSignal },
): Promise<void> => {
  if (!webhooks?.failedSince || !webhooks.redeliver) return
  const last = (await lastDeliveryAt(context.db, kind))?.getTime() ?? 0
  const from = previousLook?.getTime() ?? Math.min(last, Date.now() - LEAST_MS)
  const failed = await webhooks.failedSince(new Date(Math.max(from - MARGIN_MS, Date.now() - MOST_MS)), signal)
  const known = await knownDeliveries(
    context.db,
    kind,
    failed.map(({ id }) => id),
  )
  const missing = failed.filter(({ id }) => !known.has(id))
  if (missing.length === 0) return
  context.log.warn({ forge: kind, deliveries: missing.length }, 'deliveries that nobody took are asked for again')
  // One after the other, so that they come as they were made.
  for (const delivery of missing) await webhooks.redeliver(delivery, signal)
  await untilHere(
    context,
    kind,
    missing.map(({ id }) => id),
    signal,
  )
}

/** What is refused for good never comes into the ledger: the wait has an end. */
const untilHere = async (
  { db }: ApiContext,
  forge: ForgeKind,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const until = Date.now() + ARRIVAL_MS
  while (Date.now() < until && (await knownDeliveries(db, forge, ids)).size < ids.length) {
    await sleep(LOOK_MS, undefined, { signal })
  }
}
