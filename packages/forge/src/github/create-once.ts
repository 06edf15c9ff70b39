import { setTimeout as delay } from 'node:timers/promises'
import type { Patience } from '../patience.ts'
import { isTemporary, statusOf } from './failure.ts'

/**
 * Creates what must not be there twice. Creating is not tried again blindly, because an answer that got lost may have been
 * a yes: what there may be already is looked for first.
 */
export const createOnce = async <T>(
  make: { mayExist: boolean; find: () => Promise<T | undefined>; create: () => Promise<T> },
  patience: Patience,
  signal: AbortSignal,
): Promise<{ made: T; isNew: boolean }> => {
  for (let failures = 0; ; ) {
    const existing = make.mayExist || failures > 0 ? await make.find() : undefined
    if (existing !== undefined) return { made: existing, isNew: false }
    try {
      return { made: await make.create(), isNew: true }
    } catch (error) {
      failures += 1
      if (failures > patience.retries || !isTemporary(error) || statusOf(error) === 401) throw error
      await delay(failures ** 2 * patience.retryBaseMs, undefined, { signal })
    }
  }
}
