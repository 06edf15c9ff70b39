import { AsyncCall, type DeadLetter } from '@pushfn/model/async-call'
import type { Job } from 'bullmq'
import type { CallBells } from './call-bells.ts'
import { callIdOf, callKeys, jobIdOf, type LaneOf, laneName } from './call-keys.ts'
import type { CallReader } from './call-state.ts'

/** Calls of a function that no try brought an answer for. They are the jobs that BullMQ calls failed. */

type FunctionOf = Omit<LaneOf, 'kind'>

/** The newest ones, newest first. */
export const deadLetters = async (reader: CallReader, of: FunctionOf, most: number): Promise<DeadLetter[]> => {
  const jobs = await queueOf(reader, of).getJobs('failed', 0, most - 1)
  return jobs.flatMap((job) => (job ? [letterOf(job)] : []))
}

const letterOf = (job: Job): DeadLetter => {
  const call = AsyncCall.parse(job.data)
  return {
    id: callIdOf(job.id ?? ''),
    method: call.method,
    path: call.path,
    bodyBytes: call.body ? Buffer.from(call.body.text, call.body.encoding).length : 0,
    tries: job.attemptsMade,
    problem: job.failedReason ?? '',
    acceptedAt: new Date(call.acceptedAt).toISOString(),
    diedAt: new Date(job.finishedOn ?? 0).toISOString(),
  }
}

/** Puts a dead call back in its queue, with all its tries, under its own id. False when there is none of that id. */
export const replayDeadLetter = async (
  reader: CallReader & { bells: CallBells },
  of: FunctionOf,
  callId: string,
): Promise<boolean> => {
  const job = await deadJob(reader, of, callId)
  if (!job) return false
  const lane = laneName({ ...of, kind: 'calls' })
  // First the end that was written down: the call is on its way again.
  await reader.redis.del(callKeys(reader.cloud).result(lane, callId))
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
  await reader.bells.ring(lane)
  return true
}

/** Forgets a dead call. False when there is none of that id. */
export const removeDeadLetter = async (reader: CallReader, of: FunctionOf, callId: string): Promise<boolean> => {
  const job = await deadJob(reader, of, callId)
  if (!job) return false
  await remove(reader, of, job)
  return true
}

/** Forgets what died longer ago than `keepMs`, and the oldest beyond `most`. */
export const trimDeadLetters = async (
  reader: CallReader,
  of: FunctionOf,
  { most, keepMs }: { most: number; keepMs: number },
): Promise<void> => {
  const queue = queueOf(reader, of)
  const oldestFirst = await queue.getJobs('failed', 0, TRIMMED_AT_ONCE - 1, true)
  const tooMany = Math.max(0, (await queue.getFailedCount()) - most)
  for (const [i, job] of oldestFirst.entries()) {
    if (!job || (i >= tooMany && (job.finishedOn ?? 0) > Date.now() - keepMs)) continue
    await remove(reader, of, job)
  }
}

const TRIMMED_AT_ONCE = 100

const queueOf = ({ queues }: CallReader, of: FunctionOf) => queues.of(laneName({ ...of, kind: 'calls' }))

const deadJob = async (reader: CallReader, of: FunctionOf, callId: string): Promise<Job | undefined> => {
  const job = await queueOf(reader, of).getJob(jobIdOf(callId))
  return job && (await job.isFailed()) ? job : undefined
}

const remove = async ({ redis, cloud }: CallReader, of: FunctionOf, job: Job): Promise<void> => {
  await job.remove()
  const { bytes } = AsyncCall.parse(job.data)
  await redis.hincrby(callKeys(cloud).bytes, of.tenant, -bytes)
}
