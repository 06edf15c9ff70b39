import { AppError } from '@pushfn/model/errors'
import { CRON_TOPIC } from '@pushfn/model/schedule-from'
import { type FunctionOf, startTickWorker } from '@pushfn/store/calls/schedules'
import { type CallStore, storeCall } from '@pushfn/store/calls/store-call'

/**
 * A tick becomes an async call, under a key made of it: so it wakes its function, is tried again and has a result like every
 * other, and is one call however often the tick itself is taken.
 */
export const runTicks = (options: {
  redisUrl: string
  store: CallStore
  /** `fn.example.com:8080`: what follows the tenant in a function's host. */
  functionsHost: string
  maxRetries: number
  onError: (err: Error) => void
}): AsyncDisposable => {
  const { redisUrl, store, functionsHost, maxRetries, onError } = options
  return startTickWorker({ redisUrl, cloud: store.cloud, onError }, async (of, tick) => {
    const stored = await storeCall(store, {
      call: tickCall(of, tick, functionsHost),
      idempotencyKey: `tick ${tick}`,
      maxRetries,
      delayMs: 0,
    })
    if (stored.kind !== 'stored') {
      throw new AppError('TOO_MANY', `a tick of ${of.function}.${of.tenant} could not be stored: ${stored.kind}`)
    }
  })
}

const tickCall = ({ tenant, function: name }: FunctionOf, tick: number, functionsHost: string) => ({
  tenant,
  function: name,
  host: `${tenant}.${functionsHost}`,
  method: 'POST',
  path: '/',
  // As OpenFaaS's cron-connector says it.
  headers: ['X-Topic', CRON_TOPIC, 'X-Connector', 'cron-connector', 'X-Pushfn-Tick', new Date(tick).toISOString()],
  body: null,
  callbackUrl: null,
  tick,
})
