import type { ScheduleSpec } from '@pushfn/model/function-spec'
import { Queue, Worker } from 'bullmq'
import { z } from 'zod'
import { openWaitingRedis, type Redis } from '../redis.ts'
import { callKeys, type LaneOf, laneName, laneOf } from './call-keys.ts'

/**
 * Schedules are BullMQ's job schedulers, one for each function that has one, all in one queue. BullMQ makes the next tick's
 * job in the step that takes the last one's, under an id made of scheduler and time: so a tick comes once, however many
 * processes look, and of ticks that nobody was there for the last one comes late and the others never.
 */
export type FunctionOf = Omit<LaneOf, 'kind'>
export type ScheduledFunction = FunctionOf & { schedule: ScheduleSpec }

export interface Schedules extends AsyncDisposable {
  /** Makes the schedulers equal to these, and touches none that is as it should be. Throws when Redis is away. */
  sync(wanted: readonly ScheduledFunction[]): Promise<void>
  /** Makes the scheduler of one function so; null: it has none any more. Throws when Redis is away. */
  put(of: FunctionOf, schedule: ScheduleSpec | null): Promise<void>
  /** When the function's schedule ran last and runs next, in ms since 1970. Throws when Redis is away. */
  runs(of: FunctionOf): Promise<{ last: LastRun | null; nextAt: number | null }>
}

const LastRun = z.object({ at: z.number(), status: z.number().nullable() })
export type LastRun = z.infer<typeof LastRun>

const QUEUE = 'schedules'
const prefixOf = (cloud: string): string => `${cloud}:queue`

/** A scheduler's id is its function's lane. */
const idOf = (of: FunctionOf): string => laneName({ ...of, kind: 'calls' })

export const openSchedules = (redis: Redis, cloud: string, onError: (err: Error) => void): Schedules => {
  const queue = new Queue(QUEUE, { connection: redis, prefix: prefixOf(cloud) })
  queue.on('error', onError)
  /** What this process has seen or made, so that a look at what did not change asks nothing. */
  const seen = new Map<string, string>()
  const textOf = ({ cron, timeZone }: ScheduleSpec): string => `${timeZone} ${cron}`

  const make = async (of: FunctionOf, { cron, timeZone }: ScheduleSpec): Promise<void> => {
    const again = { attempts: 30, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } }
    const opts = { ...again, removeOnComplete: true, removeOnFail: true }
    await queue.upsertJobScheduler(idOf(of), { pattern: cron, tz: timeZone }, { name: 'tick', data: {}, opts })
    seen.set(idOf(of), textOf({ cron, timeZone }))
  }

  const isMade = async (id: string, schedule: ScheduleSpec): Promise<boolean> => {
    if (seen.get(id) === textOf(schedule)) return true
    const there = await queue.getJobScheduler(id)
    const isSame = there?.pattern === schedule.cron && there.tz === schedule.timeZone
    if (isSame) seen.set(id, textOf(schedule))
    return isSame
  }

  /** A scheduler goes on by its next tick's job alone; one that lost it has stopped. */
  const hasStopped = async (id: string, nextAt: number): Promise<boolean> =>
    nextAt < Date.now() - STOPPED_AFTER_MS && (await queue.getJob(`repeat:${id}:${nextAt}`)) === undefined

  const remove = async (id: string): Promise<void> => {
    seen.delete(id)
    await queue.removeJobScheduler(id)
    await redis.hdel(callKeys(cloud).lastRuns, id)
  }

  const put = async (of: FunctionOf, schedule: ScheduleSpec | null): Promise<void> => {
    const id = idOf(of)
    const nextAt = await redis.zscore(queue.toKey('repeat'), id)
    if (!schedule) return nextAt === null ? undefined : remove(id)
    const isRight = nextAt !== null && (await isMade(id, schedule)) && !(await hasStopped(id, Number(nextAt)))
    if (!isRight) await make(of, schedule)
  }

  return {
    put,
    sync: async (wanted) => {
      // The answer is of ids alone.
      const there = await redis.zrange(queue.toKey('repeat'), '0', '-1')
      const ids = new Set(wanted.map(idOf))
      for (const id of there) if (!ids.has(id)) await remove(id)
      await Promise.all(wanted.map((one) => put(one, one.schedule)))
    },
    runs: async (of) => {
      const [last, nextAt] = await Promise.all([
        redis.hget(callKeys(cloud).lastRuns, idOf(of)),
        redis.zscore(queue.toKey('repeat'), idOf(of)),
      ])
      // A tick that was under way when its schedule was removed writes its end all the same.
      if (nextAt === null) return { last: null, nextAt: null }
      return { last: last === null ? null : LastRun.parse(JSON.parse(last)), nextAt: Number(nextAt) }
    },
    [Symbol.asyncDispose]: () => queue.close(),
  }
}

const STOPPED_AFTER_MS = 60_000

/** Calls `onTick` once for every tick; one that throws is tried again for some minutes. */
export const startTickWorker = (
  options: { redisUrl: string; cloud: string; onError: (err: Error) => void },
  onTick: (of: FunctionOf, tick: number) => Promise<void>,
): AsyncDisposable => {
  const connection = openWaitingRedis(options.redisUrl, options.onError)
  const worker = new Worker(
    QUEUE,
    async (job) => {
      // BullMQ names a tick's job `repeat:<scheduler>:<time>`.
      const [, id = '', at] = (job.id ?? '').split(':')
      const of = laneOf(id)
      if (of) await onTick(of, Number(at))
    },
    { connection, prefix: prefixOf(options.cloud), concurrency: 32, lockDuration: 15_000, stalledInterval: 5_000 },
  )
  worker.on('error', options.onError)
  worker.on('failed', (_job, err) => options.onError(err))
  return {
    [Symbol.asyncDispose]: async () => {
      await worker.close()
      connection.disconnect()
    },
  }
}
