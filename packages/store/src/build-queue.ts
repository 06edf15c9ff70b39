import { Queue, Worker } from 'bullmq'
import { openRedis, openWaitingRedis } from './redis.ts'

/**
 * The queue of builds is a bell: a job holds nothing but the build's id, the truth is the build's row. It may be lost
 * (the reconciler rings again) or rung twice (claiming decides).
 */
const QUEUE = 'builds'

export interface BuildBell extends AsyncDisposable {
  /** Rings for a build. `tries` is the row's, so that a bell for a build that died is not taken for the one before it. */
  ring(buildId: string, tries: number): Promise<void>
  /** Jobs that wait. Throws when Redis is away. */
  depth(): Promise<number>
}

export const openBuildBell = (redisUrl: string, cloud: string, onError: (err: Error) => void): BuildBell => {
  const connection = openRedis(redisUrl, onError)
  const queue = new Queue(QUEUE, { connection, prefix: `${cloud}:queue` })
  queue.on('error', onError)
  return {
    ring: async (buildId, tries) => {
      await queue.add(
        'build',
        { buildId },
        { jobId: `${buildId}-${tries}`, removeOnComplete: true, removeOnFail: true },
      )
    },
    depth: () => queue.getWaitingCount(),
    [Symbol.asyncDispose]: async () => {
      await queue.close()
      connection.disconnect()
    },
  }
}

export interface BuildWorker extends AsyncDisposable {
  /** Throws when it does not listen for jobs. */
  check(): void
}

/** Calls `work` for each bell, `concurrency` at once. What `work` throws is told to `onError`; the row says what happens next. */
export const startBuildWorker = (
  options: { redisUrl: string; cloud: string; concurrency: number; onError: (err: Error) => void },
  work: (buildId: string) => Promise<void>,
): BuildWorker => {
  const connection = openWaitingRedis(options.redisUrl, options.onError)
  const worker = new Worker<{ buildId: string }>(QUEUE, async (job) => work(job.data.buildId), {
    connection,
    prefix: `${options.cloud}:queue`,
    concurrency: options.concurrency,
    lockDuration: 15_000,
    stalledInterval: 5_000,
    // Our own count of tries, in the database, decides when to give up.
    maxStalledCount: 1_000,
  })
  worker.on('error', options.onError)
  worker.on('failed', (_job, err) => options.onError(err))
  return {
    check: () => {
      if (!worker.isRunning()) throw new Error('the build worker does not listen')
    },
    [Symbol.asyncDispose]: async () => {
      await worker.close()
      connection.disconnect()
    },
  }
}
