import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@pushfn/kit/log'
import type { LaneOf } from '@pushfn/store/calls/call-keys'
import type { Fetched, TakenJob } from '@pushfn/store/calls/call-lane'
import { countLanes, type LaneCounts } from '@pushfn/store/calls/lane-counts'
import type { Redis } from '@pushfn/store/redis'
import { readCapacity } from './capacity.ts'
import { type LaneRun, openLaneRun, type Work } from './lane-run.ts'
import { Turns } from './turns.ts'

/**
 * Runs what is in the lanes. A place in the process comes first and a job is fetched for it; a job that ends fetches its
 * lane's next in the same step unless somebody else's turn has come. Lanes open when a bell or the sweep says that they
 * hold something, and close when they are quiet.
 */
export interface LaneRunner {
  /** A bell was rung for this lane. */
  ring(lane: string): void
  /** What the last sweep counted. */
  counts(): readonly LaneCounts[]
  /** Takes no more, lets what runs end for so long, and gives back the rest untried. */
  stop(limitMs: number, abort: () => void): Promise<void>
}

export interface LaneRunnerOptions {
  redis: Redis
  cloud: string
  places: number
  placesOfTenant: number
  workOf: (of: LaneOf) => Work
  log: Log
}

const LOCK_MS = 15_000
const SWEEP_MS = 1_000
/** A sweep looks at so many lanes in a second. */
const SWEPT_PER_MS = 1
const CLOSED_AFTER_MS = 30_000
const CALLBACKS_AT_ONCE = 8
/** After Redis did not answer. */
const PAUSE_MS = 500

export const startLaneRunner = (options: LaneRunnerOptions): LaneRunner => {
  const { redis, cloud, log } = options
  const turns = new Turns<LaneRun>(options.places, options.placesOfTenant)
  const lanes = new Map<string, LaneRun>()
  const onError = (err: Error) => log.warn({ err: err.message }, 'a queue of async calls does not answer')
  let isStopping = false
  let counted: LaneCounts[] = []

  const pump = (): void => {
    while (!isStopping) {
      const lane = turns.next()
      if (!lane) return
      lane.places += 1
      lane.isFetching = true
      void fill(lane)
    }
  }

  const offer = (lane: LaneRun): void => {
    turns.offer(lane)
    pump()
  }

  const wake = (lane: LaneRun): void => {
    lane.ring()
    offer(lane)
  }

  /** Fetches a job for a place that the lane was given, and works as long as it keeps the place. */
  const fill = async (lane: LaneRun): Promise<void> => {
    const bell = lane.bells
    let job: TakenJob<unknown> | undefined
    try {
      job = heed(lane, bell, await lane.queue.take())
    } catch (err) {
      onError(err instanceof Error ? err : new Error(String(err)))
      lane.empty(bell)
      lane.due(Date.now() + PAUSE_MS, () => wake(lane))
    }
    lane.isFetching = false
    offer(lane)
    while (job) job = await runJob(lane, job)
    lane.places -= 1
    turns.leave(lane)
    offer(lane)
  }

  const heed = (lane: LaneRun, bell: number, { job, nextAt }: Fetched<unknown>): TakenJob<unknown> | undefined => {
    lane.usedAt = performance.now()
    if (!job) lane.empty(bell)
    lane.due(nextAt, () => wake(lane))
    return job
  }

  const runJob = async (lane: LaneRun, job: TakenJob<unknown>): Promise<TakenJob<unknown> | undefined> => {
    lane.jobs.add(job)
    try {
      const settle = await lane.work(job)
      const isNextWanted = !isStopping && lane.places <= lane.capacity && turns.mayKeep(lane)
      const bell = lane.bells
      const fetched = await settle(lane.queue, isNextWanted)
      return heed(lane, isNextWanted ? bell : 0, fetched)
    } catch (err) {
      // The job is still ours in Redis, or another's already: whoever finds its lock expired runs it again.
      log.warn({ err, lane: lane.name, call: job.id }, 'an async call could not be ended; it is run again')
      lane.ring()
      return undefined
    } finally {
      lane.jobs.delete(job)
    }
  }

  const open = (name: string): LaneRun | undefined => {
    const known = lanes.get(name)
    if (known || isStopping) return known
    const lane = openLaneRun({ redis, cloud, lane: name, lockMs: LOCK_MS, onError }, options.workOf)
    if (lane) lanes.set(name, lane)
    return lane
  }

  const ring = (name: string): void => {
    const isNew = !lanes.has(name)
    const lane = open(name)
    if (!lane) return
    lane.ring()
    // A new lane waits for its capacity, so that its first calls are not one after the other.
    if (isNew)
      void measure(lane)
        .catch(onError)
        .then(() => offer(lane))
    else offer(lane)
  }

  const measure = async (lane: LaneRun): Promise<void> => {
    lane.capacity = lane.of.kind === 'callbacks' ? CALLBACKS_AT_ONCE : await readCapacity(redis, cloud, lane.of)
    if (lane.of.kind === 'calls') await lane.queue.setLimit(lane.capacity)
  }

  const sweep = async (): Promise<void> => {
    counted = await countLanes(redis, cloud)
    const soon = Date.now() + SWEEP_MS
    for (const { lane, waiting, running, nextAt } of counted) {
      const isDue = nextAt > 0 && nextAt <= soon
      if (waiting > 0 || isDue || (running > 0 && !lanes.has(lane))) ring(lane)
    }
    const busy = [...lanes.values()].filter((lane) => lane.places > 0 || !lane.isIdle())
    await Promise.all(busy.map((lane) => measure(lane).then(() => offer(lane))))
    const running = new Set(counted.filter((of) => of.running > 0).map((of) => of.lane))
    for (const [name, lane] of lanes) {
      // What another process has lost is found by an open lane alone.
      if (!lane.isIdle() || running.has(name) || performance.now() - lane.usedAt < CLOSED_AFTER_MS) continue
      lanes.delete(name)
      turns.withdraw(lane)
      void lane[Symbol.asyncDispose]()
    }
  }

  const sweeping = (async () => {
    while (!isStopping) {
      await sweep().catch(onError)
      await sleep(Math.max(SWEEP_MS, counted.length / SWEPT_PER_MS), undefined, { ref: false })
    }
  })()
  void sweeping

  const keeping = setInterval(() => {
    for (const lane of lanes.values()) if (lane.jobs.size > 0) lane.queue.keep([...lane.jobs]).catch(onError)
  }, LOCK_MS / 3)

  return {
    ring,
    counts: () => counted,
    stop: async (limitMs, abort) => {
      isStopping = true
      const deadline = performance.now() + limitMs
      while (turns.running > 0 && performance.now() < deadline) await sleep(20)
      const left = [...lanes.values()].flatMap((lane) => [...lane.jobs].map((job) => ({ lane, job })))
      await Promise.all(left.map(({ lane, job }) => lane.queue.giveBack(job).catch(onError)))
      abort()
      clearInterval(keeping)
      await Promise.all([...lanes.values()].map((lane) => lane[Symbol.asyncDispose]()))
    },
  }
}
