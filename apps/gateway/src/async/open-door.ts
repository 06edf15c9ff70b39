import type { Log } from '@pushfn/kit/log'
import { openCallBells } from '@pushfn/store/calls/call-bells'
import { openCallQueues } from '@pushfn/store/calls/call-queues'
import { openCallRedis } from '@pushfn/store/redis'
import type { GatewayConfiguration } from '../settings.ts'
import type { AsyncDoor } from './async-door.ts'
import { readNetworks } from './networks.ts'
import { BodyReader } from './read-body.ts'

/** Bodies that are being read at one moment by one process. */
const MAX_READING_BYTES = 134_217_728

/** The accepting end of async calls in one process, with a connection to Redis of its own. */
export const openAsyncDoor = (configuration: GatewayConfiguration, log: Log): AsyncDoor & { stop(): Promise<void> } => {
  const { cloud, asyncMaxTenantBytes: maxTenantBytes } = configuration
  const onError = (err: Error) => log.warn({ err: err.message }, 'redis does not answer')
  const redis = openCallRedis(configuration.redisUrl, onError)
  const queues = openCallQueues(redis, cloud, onError)
  const bells = openCallBells(redis, cloud, onError)
  return {
    store: { redis, cloud, queues, bells, maxTenantBytes, knownBytes: new Map() },
    bodies: new BodyReader(MAX_READING_BYTES),
    bounds: {
      maxRetries: configuration.asyncMaxRetries,
      defaultRetries: Math.min(configuration.asyncDefaultRetries, configuration.asyncMaxRetries),
      maxDelaySeconds: configuration.asyncMaxDelaySeconds,
      callbacks: configuration.secret && {
        allowed: readNetworks('ASYNC_CALLBACK_NETWORKS', configuration.asyncCallbackNetworks),
      },
    },
    maxBodyBytes: configuration.asyncMaxBodyBytes,
    log,
    stop: async () => {
      bells[Symbol.dispose]()
      await queues[Symbol.asyncDispose]()
      redis.disconnect()
    },
  }
}
