import { Redis } from 'ioredis'

export type { Redis } from 'ioredis'

/**
 * A connection for commands that must answer soon: it fails within two seconds (or as told) instead of waiting for a Redis that is
 * away, and comes back by itself. Failures reach `onError`, so that an absent Redis never ends a process.
 */
export const openRedis = (url: string, onError: (err: Error) => void, commandTimeoutMs = 2_000): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
  })
  redis.on('error', onError)
  return redis
}

/** A connection that waits for ever: for subscriptions and for BullMQ's blocking reads. */
export const openWaitingRedis = (url: string, onError: (err: Error) => void): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
  })
  redis.on('error', onError)
  return redis
}

/**
 * A connection over which very many commands go at once: those of one turn of the event loop are sent together, in order,
 * and fail together soon when Redis is away.
 */
export const openCallRedis = (url: string, onError: (err: Error) => void): Redis => {
  const redis = new Redis(url, {
    enableAutoPipelining: true,
    maxRetriesPerRequest: 1,
    commandTimeout: 5_000,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
  })
  redis.on('error', onError)
  return redis
}
