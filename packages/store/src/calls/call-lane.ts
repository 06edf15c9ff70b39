import { createRedisBackend, Job, UnrecoverableError, Worker } from 'bullmq'
import type { Redis } from '../redis.ts'
import { callIdOf, callKeys } from './call-keys.ts'

/**
 * The taking end of a lane. BullMQ's worker fetches as many jobs as it may and then lets them wait for a place in the
 * process; here a place comes first, and a job is fetched for it, so that whose turn it is can be decided at each. This
 * is BullMQ's way of fetching by hand, in which locks and stalled jobs are ours to mind. It needs no connection of its own.
 */
export interface Lane<Data> extends AsyncDisposable {
  /** The next job, or when the next delayed one is due (ms since 1970; 0 for none). Throws when Redis is away. */
  take(): Promise<Fetched<Data>>
  /** Ends a job; fetches the next in the same step when asked to. */
  finish(job: TakenJob<Data>, isNextWanted: boolean): Promise<Fetched<Data>>
  /** A try failed: the job waits for `delayMs`, which the answer then tells, or is dead when that was its last. */
  fail(job: TakenJob<Data>, failure: JobFailure, isNextWanted: boolean): Promise<Fetched<Data>>
  /** Gives a job back untried: another process takes it at once. */
  giveBack(job: TakenJob<Data>): Promise<void>
  /** Keeps jobs of this process from being taken for lost. To be called well within `lockMs`. */
  keep(jobs: readonly TakenJob<Data>[]): Promise<void>
  /** How many may run at once over all processes. */
  setLimit(jobs: number): Promise<void>
}

export interface TakenJob<Data> {
  readonly id: string
  readonly data: Data
  /** Tries that have begun, this one among them. */
  readonly tries: number
  readonly isLastTry: boolean
  /** It was taken and lost too often: its runs seem to end the processes that run it. */
  readonly isPoisoned: boolean
  readonly token: string
}

export interface Fetched<Data> {
  job?: TakenJob<Data>
  nextAt: number
}

export interface JobFailure {
  problem: string
  delayMs: number
  /** No further try, whatever is left of them. */
  isFinal?: boolean
}

export interface LaneOptions {
  redis: Redis
  cloud: string
  lane: string
  /** A job whose process has not been heard for so long is another's. */
  lockMs: number
  onError: (err: Error) => void
}

const STALLED_LOOK_MS = 5_000
const MOST_LOSSES = 5

class FailedTry extends Error {
  readonly delayMs: number
  constructor({ problem, delayMs }: JobFailure) {
    super(problem)
    this.delayMs = delayMs
  }
}

export const openLane = <Data>(options: LaneOptions): Lane<Data> => {
  const { redis, cloud, lane, lockMs } = options
  const worker = new Worker<Data>(
    lane,
    null,
    {
      connection: redis,
      prefix: callKeys(cloud).queues,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: STALLED_LOOK_MS,
      maxStalledCount: MOST_LOSSES,
      settings: { backoffStrategy: (_tries, _type, err) => (err instanceof FailedTry ? err.delayMs : 0) },
    },
    // Without the connection for blocking reads: bells say when there is something to take.
    (name, opts) => createRedisBackend(name, opts, {}),
  )
  worker.on('error', options.onError)
  void worker.startStalledCheckTimer()
  const backend = worker.getBackend()
  // What was fetched belongs to the Job that BullMQ made of it; the plain record goes out.
  const jobs = new WeakMap<TakenJob<Data>, Job<Data>>()
  let limit: number | undefined
  let count = 0

  /** BullMQ's answer to every fetch: `[job, id, rate limit, when the next delayed one is due]`. */
  const fetched = (answer: unknown, token: string): Fetched<Data> => {
    if (!Array.isArray(answer)) return { nextAt: 0 }
    const [json, id, , nextAt] = answer
    if (!json) return { nextAt: Number(nextAt) || 0 }
    const job = Job.fromJSON<Data>(worker, json, id)
    job.token = token
    const taken: TakenJob<Data> = {
      id: callIdOf(job.id ?? ''),
      data: job.data,
      tries: job.attemptsStarted,
      isLastTry: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
      isPoisoned: job.deferredFailure !== undefined,
      token,
    }
    jobs.set(taken, job)
    return { job: taken, nextAt: 0 }
  }
  const jobOf = (taken: TakenJob<Data>): Job<Data> => {
    const job = jobs.get(taken)
    if (!job) throw new Error('the job is not of this lane')
    return job
  }

  return {
    take: async () => {
      const token = `${worker.id}:${count++}`
      return fetched(await backend.moveToActive(token), token)
    },
    finish: async (taken, isNextWanted) =>
      fetched(await jobOf(taken).moveToCompleted(undefined as never, taken.token, isNextWanted), taken.token),
    fail: async (taken, failure, isNextWanted) => {
      const err = failure.isFinal ? new UnrecoverableError(failure.problem) : new FailedTry(failure)
      err.stack = ''
      const next = fetched(await jobOf(taken).moveToFailed(err, taken.token, isNextWanted), taken.token)
      if (failure.isFinal || taken.isLastTry) return next
      const retryAt = Date.now() + failure.delayMs
      return { ...next, nextAt: next.nextAt > 0 ? Math.min(next.nextAt, retryAt) : retryAt }
    },
    giveBack: async (taken) => {
      await jobOf(taken).moveToWait(taken.token)
    },
    keep: async (taken) => {
      const ids = taken.map((job) => jobOf(job).id ?? '')
      await worker.extendJobLocks(
        ids,
        taken.map((job) => job.token),
        lockMs,
      )
    },
    setLimit: async (most) => {
      if (most === limit) return
      await backend.setQueueMeta({ concurrency: most })
      limit = most
    },
    [Symbol.asyncDispose]: () => worker.close(),
  }
}
