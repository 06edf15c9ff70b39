import { pruneDeliveries } from '@pushfn/store/ledger'
import type { ApiContext } from '../context.ts'

const INTERVAL_MS = 3_600_000

/** Takes deliveries out of the ledger that are older than it keeps them: now and every hour. */
export const startLedgerSweep = ({ db, log, config }: ApiContext): Disposable => {
  const sweep = async () => {
    try {
      const pruned = await pruneDeliveries(db, config.deliveryRetentionDays)
      if (pruned > 0) log.info({ deliveries: pruned }, 'old deliveries were taken out of the ledger')
    } catch (err) {
      log.warn({ err }, 'the ledger could not be swept; it is tried again')
    }
  }
  const timer = setInterval(sweep, INTERVAL_MS)
  void sweep()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
