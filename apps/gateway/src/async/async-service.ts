import { randomUUID } from 'node:crypto'
import type { Log } from '@pushfn/kit/log'
import { type LoadReport, loadChannel } from '@pushfn/model/load'
import { routeKey } from '@pushfn/model/route'
import { openCallBells } from '@pushfn/store/calls/call-bells'
import { callKeys, laneOf } from '@pushfn/store/calls/call-keys'
import { openCallQueues } from '@pushfn/store/calls/call-queues'
import { trimDeadLetters } from '@pushfn/store/calls/dead-letters'
import { openCallRedis, openWaitingRedis } from '@pushfn/store/redis'
import type { QueueCount } from '../metrics.ts'
import type { GatewayConfiguration } from '../settings.ts'
import { callWork } from './call-work.ts'
import { openCallbackOffice } from './callback-office.ts'
import { startLaneRunner } from './lane-runner.ts'
import { readNetworks } from './networks.ts'
import { runTicks } from './run-ticks.ts'
import { type InternalDoor, openCallSender } from './send-call.ts'
import { warnOfEviction } from './warn-of-eviction.ts'

/** Runs the async calls that any gateway of the cloud has accepted; each call is run by one of them. */
export interface AsyncService {
  /** What the last look at the queues found, of every function that had calls then. */
  queues(): QueueCount[]
  stop(): Promise<void>
}

const REPORT_MS = 1_000
const TRIM_MS = 60_000

export const startAsyncService = async (
  configuration: GatewayConfiguration,
  { door, log }: { door: InternalDoor; log: Log },
): Promise<AsyncService> => {
  const { cloud, redisUrl, asyncRetryBaseMs: retryBaseMs } = configuration
  const onError = (err: Error) => log.warn({ err: err.message }, 'redis does not answer')
  const redis = openCallRedis(redisUrl, onError)
  const listener = openWaitingRedis(redisUrl, onError)
  const keys = callKeys(cloud)
  const queues = openCallQueues(redis, cloud, onError)
  const bells = openCallBells(redis, cloud, onError)
  const allowed = readNetworks('ASYNC_CALLBACK_NETWORKS', configuration.asyncCallbackNetworks)
  const secret = configuration.secret?.reveal()
  const callbacks = openCallbackOffice({ queues, bells, secret, allowed, retryBaseMs, log })
  const sender = openCallSender(door, {
    maxResultBytes: configuration.asyncMaxResultBytes,
    maxRunMs: configuration.asyncMaxRunMs,
  })
  const calls = callWork({
    redis,
    cloud,
    sender,
    callbacks,
    retryBaseMs,
    keepMs: configuration.asyncResultSeconds * 1_000,
    keepDeadMs: configuration.asyncDeadLetterSeconds * 1_000,
  })
  const runner = startLaneRunner({
    redis,
    cloud,
    places: configuration.asyncConcurrency,
    placesOfTenant: configuration.asyncTenantConcurrency,
    workOf: ({ kind }) => (kind === 'calls' ? calls : callbacks.work),
    log,
  })
  listener.on('message', (_channel, lane) => runner.ring(lane))
  listener.on('ready', () => void listener.subscribe(keys.bell).catch(onError))

  const store = {
    redis,
    cloud,
    queues,
    bells,
    maxTenantBytes: configuration.asyncMaxTenantBytes,
    knownBytes: new Map(),
  }
  const functionsHost = new URL(configuration.functionsUrl).host
  const maxRetries = Math.min(configuration.asyncDefaultRetries, configuration.asyncMaxRetries)
  const ticks = runTicks({ redisUrl, store, functionsHost, maxRetries, onError })

  /** The controller wakes and scales by what waits; every gateway tells the same numbers, and the largest counts. */
  const gateway = `async-${randomUUID()}`
  const reporting = setInterval(() => {
    const functions: LoadReport['functions'] = {}
    for (const { lane, waiting } of runner.counts()) {
      const of = laneOf(lane)
      if (of?.kind === 'calls' && waiting > 0) {
        functions[routeKey({ host: of.hostLabel ?? of.tenant, function: of.function })] = {
          concurrency: 0,
          calls: 0,
          held: 0,
          queued: waiting,
        }
      }
    }
    const report: LoadReport = { gateway, intervalMs: REPORT_MS, isUrgent: false, functions }
    if (redis.status === 'ready') redis.publish(loadChannel(cloud), JSON.stringify(report)).catch(onError)
  }, REPORT_MS)

  const trimming = setInterval(async () => {
    const isMine = await redis.set(keys.trimming, gateway, 'PX', TRIM_MS / 2, 'NX').catch(() => null)
    if (isMine !== 'OK') return
    const limits = { most: configuration.asyncDeadLetters, keepMs: configuration.asyncDeadLetterSeconds * 1_000 }
    for (const { lane, dead } of runner.counts()) {
      const of = laneOf(lane)
      if (of && dead > 0) await trimDeadLetters({ redis, cloud, queues }, of, limits).catch(onError)
    }
  }, TRIM_MS)

  redis.on('ready', () => void warnOfEviction(redis, log).catch(onError))

  return {
    queues: () =>
      runner.counts().flatMap(({ lane, waiting, running, dead }) => {
        const of = laneOf(lane)
        if (of?.kind !== 'calls') return []
        return { name: `${of.function}.${of.tenant}`, waiting, running, dead }
      }),
    stop: async () => {
      clearInterval(reporting)
      clearInterval(trimming)
      listener.disconnect()
      await ticks[Symbol.asyncDispose]()
      await runner.stop(configuration.stopTimeoutMs, () => sender.close())
      bells[Symbol.dispose]()
      await queues[Symbol.asyncDispose]()
      redis.disconnect()
    },
  }
}
