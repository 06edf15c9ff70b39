import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRedis, openWaitingRedis, type Redis } from './redis.ts'

const SUBSCRIBE_LIMIT_MS = 2_000

/**
 * Bells between processes, over Redis pub/sub. A bell that is not heard loses nothing: whoever waits for one also looks
 * at the database from time to time.
 */
export interface Bus extends AsyncDisposable {
  /** For commands beside the bells (streams, the route table). */
  readonly redis: Redis
  /** Resolves when Redis has the message; a Redis that is away is told to `onError`, never thrown. */
  publish(channel: string, message: string): Promise<void>
  /**
   * Calls `listener` for every message until the returned function is called. Resolves once it listens, and after two
   * seconds while Redis is away: it listens as soon as Redis is back, and nobody's work waits for that.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => void>
}

export const openBus = (url: string, onError: (err: Error) => void): Bus => {
  const redis = openRedis(url, onError)
  const subscriber = openWaitingRedis(url, onError)
  const listeners = new EventEmitter().setMaxListeners(0)
  subscriber.on('message', (channel: string, message: string) => listeners.emit(channel, message))
  return {
    redis,
    publish: async (channel, message) => {
      try {
        await redis.publish(channel, message)
      } catch (err) {
        onError(err instanceof Error ? err : new Error(String(err)))
      }
    },
    subscribe: async (channel, listener) => {
      listeners.on(channel, listener)
      const listening = subscriber.subscribe(channel).then(() => undefined, onError)
      await Promise.race([listening, sleep(SUBSCRIBE_LIMIT_MS, undefined, { ref: false })])
      return () => {
        listeners.off(channel, listener)
        if (listeners.listenerCount(channel) === 0) void subscriber.unsubscribe(channel).catch(onError)
      }
    },
    [Symbol.asyncDispose]: async () => {
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}

/** The channels, each named once. */
export const channels = (cloud: string) => ({
  /** A function's wish changed: its id. The controller listens. */
  functionWanted: `${cloud}:bell:function-wanted`,
  /** A revision is live or failed: its id. The builder's release step listens. */
  revisionSettled: `${cloud}:bell:revision-settled`,
  /** A revision answers, or failed: its build's id. The controller listens for the others of the stack. */
  stackChanged: `${cloud}:bell:stack-changed`,
  /** A push superseded builds of its ref: a build's id. The builder that runs it stops. */
  buildSuperseded: `${cloud}:bell:build-superseded`,
  /** An operator wishes a rebuild: its id. Builders listen. */
  rebuildWished: `${cloud}:bell:rebuild-wished`,
  /** A report is due. The reporter listens. */
  reportDue: `${cloud}:bell:report-due`,
})
