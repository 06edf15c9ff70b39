import { AsyncCall, CallView } from '@pushfn/model/async-call'
import type { Job } from 'bullmq'
import type { Redis } from '../redis.ts'
import { callIdOf, callKeys, jobIdOf, type LaneOf, laneName } from './call-keys.ts'
import type { CallQueues } from './call-queues.ts'

/** What of Redis the readers of calls need. */
export interface CallReader {
  redis: Redis
  cloud: string
  queues: CallQueues
}

/** The call as it stands: from its queue, or how it ended while that is kept. Undefined for one that nobody knows. */
export const callState = async (
  { redis, cloud, queues }: CallReader,
  of: Omit<LaneOf, 'kind'>,
  callId: string,
): Promise<CallView | undefined> => {
  const lane = laneName({ ...of, kind: 'calls' })
  const queue = queues.of(lane)
  const read = async () => {
    const [ended, job, state] = await Promise.all([
      redis.get(callKeys(cloud).result(lane, callId)),
      queue.getJob(jobIdOf(callId)),
      queue.getJobState(jobIdOf(callId)),
    ])
    if (ended) return CallView.parse(JSON.parse(ended))
    return job ? viewOf(job, state, of.function) : undefined
  }
  // The answers are of three moments: a call that ended between them is found by a second look.
  return (await read()) ?? (await read())
}

const viewOf = (job: Job, state: string, name: string): CallView => {
  const { acceptedAt } = AsyncCall.parse(job.data)
  const isDelayed = state === 'delayed'
  const isDead = state === 'failed'
  const started = job.processedOn ?? null
  return {
    id: callIdOf(job.id ?? ''),
    function: name,
    state: isDead ? 'dead' : isDelayed ? 'delayed' : state === 'active' ? 'running' : 'waiting',
    tries: job.attemptsStarted,
    acceptedAt: iso(acceptedAt),
    startedAt: started === null ? null : iso(started),
    finishedAt: isDead && job.finishedOn ? iso(job.finishedOn) : null,
    // A retry's delay counts from its failure, shortly after which it is read; the first one's from its acceptance.
    nextTryAt: isDelayed && started === null ? iso(job.timestamp + job.delay) : null,
    problem: job.failedReason ?? null,
    result: null,
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
