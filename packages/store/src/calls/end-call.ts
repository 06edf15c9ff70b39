import type { AsyncCall, CallView } from '@pushfn/model/async-call'
import type { Redis } from '../redis.ts'
import { callKeys, laneName } from './call-keys.ts'
import { fingerprintOf, markStored } from './store-call.ts'

/**
 * Writes down how a call ended. To be sent before its job is ended, on the same connection: then Redis never has the
 * second without the first, and a process that dies in between has the call run again.
 */
export const writeEnd = async (
  { redis, cloud }: { redis: Redis; cloud: string },
  call: AsyncCall,
  view: CallView,
  keepMs: number,
): Promise<void> => {
  const keys = callKeys(cloud)
  const lane = laneName({ ...call, kind: 'calls' })
  await Promise.all([
    redis.set(keys.result(lane, view.id), JSON.stringify(view), 'PX', keepMs),
    call.claim && markStored(redis, call.claim, view.id, fingerprintOf(call)),
    // A dead call stays in its queue, and counts until it is removed.
    view.state !== 'dead' && redis.hincrby(keys.bytes, call.tenant, -call.bytes),
    call.tick !== null && redis.hset(keys.lastRuns, lane, lastRun(call.tick, view)),
  ])
}

const lastRun = (tick: number, { result }: CallView): string =>
  JSON.stringify({ at: tick, status: result?.status ?? null })
