import { pruneDeliveries } from '@pushfn/store/ledger'
import { endGrace } from '@pushfn/store/removals'
import type { ApiContext } from '../context.ts'
import { rewrapSecrets } from '../rewrap-secrets.ts'

const INTERVAL_MS = 3_600_000

/**
 * Ends what has its time: deliveries in the ledger, the grace in which a removal can be undone, and keys that wrap secrets
 * no more. Now and every hour.
 */
export const startHourlySweep = (context: ApiContext): Disposable => {
  const { db, log, config } = context
  const sweep = async () => {
    try {
      const pruned = await pruneDeliveries(db, config.deliveryRetentionDays)
      if (pruned > 0) log.info({ deliveries: pruned }, 'old deliveries were taken out of the ledger')
      const ended = await endGrace(db, config.removalGraceDays)
      if (ended > 0) log.info({ functions: ended }, 'removed functions do not come back by themselves any more')
      await rewrapSecrets(context)
    } catch (err) {
      log.warn({ err }, 'what has its time could not be ended; it is tried again')
    }
  }
  const timer = setInterval(sweep, INTERVAL_MS)
  void sweep()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
