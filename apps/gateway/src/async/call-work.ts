import { randomInt } from 'node:crypto'
import { AsyncCall, type CallResult, type CallState, type CallView } from '@pushfn/model/async-call'
import type { TakenJob } from '@pushfn/store/calls/call-lane'
import { writeEnd } from '@pushfn/store/calls/end-call'
import type { Redis } from '@pushfn/store/redis'
import type { CallbackOffice } from './callback-office.ts'
import type { Work } from './lane-run.ts'
import { isWorthAnotherTry, retryDelayMs } from './next-try.ts'
import type { CallSender, Tried } from './send-call.ts'

export interface CallWork {
  redis: Redis
  cloud: string
  sender: CallSender
  callbacks: CallbackOffice
  retryBaseMs: number
  /** How long is kept how a call ended, and how long when it is dead. */
  keepMs: number
  keepDeadMs: number
}

/**
 * One try of one call: it is sent, and by what came of it the call has ended, waits for its next try, or is dead. How it
 * ended is written down, and its callback put in line, before its job ends: a process that dies in between runs it again.
 */
export const callWork =
  (context: CallWork): Work =>
  async (job) => {
    const startedAt = Date.now()
    const call = AsyncCall.parse(job.data)
    const tried: Tried = job.isPoisoned ? POISONED : await context.sender.send(call, job)
    const endedAt = Date.now()
    const isAnswer = 'result' in tried && !isWorthAnotherTry(tried)
    if (!isAnswer && !job.isLastTry && !job.isPoisoned) {
      const retryAfter = 'result' in tried ? tried.retryAfter : undefined
      const random = randomInt(1_000) / 1_000
      const delayMs = retryDelayMs(job.tries, { baseMs: context.retryBaseMs, retryAfter, nowMs: endedAt, random })
      return (lane, isNextWanted) => lane.fail(job, { problem: problemOf(tried), delayMs }, isNextWanted)
    }
    const result = 'result' in tried ? tried.result : null
    const state = isAnswer && result ? (result.status < 400 ? 'done' : 'failed') : 'dead'
    const times = { startedAt, endedAt }
    const view = viewOf(job, call, { state, result, problem: state === 'dead' ? problemOf(tried) : null, ...times })
    return async (lane, isNextWanted) => {
      if (call.callbackUrl) await context.callbacks.post({ url: call.callbackUrl, call, view, ms: endedAt - startedAt })
      const isDead = state === 'dead'
      const written = writeEnd(context, call, view, isDead ? context.keepDeadMs : context.keepMs)
      const ended = isDead
        ? lane.fail(job, { problem: problemOf(tried), delayMs: 0, isFinal: true }, isNextWanted)
        : lane.finish(job, isNextWanted)
      const [fetched] = await Promise.all([ended, written])
      return fetched
    }
  }

const POISONED: Tried = { problem: 'whenever it ran, the gateway that ran it ended' }

const problemOf = (tried: Tried): string =>
  'result' in tried ? `${tried.isFunctions ? 'the function' : 'the gateway'} answered ${tried.status}` : tried.problem

interface Ending {
  state: CallState
  result: CallResult | null
  problem: string | null
  startedAt: number
  endedAt: number
}

const viewOf = (job: TakenJob<unknown>, call: AsyncCall, end: Ending): CallView => ({
  id: job.id,
  function: call.function,
  state: end.state,
  tries: job.tries,
  acceptedAt: new Date(call.acceptedAt).toISOString(),
  startedAt: new Date(end.startedAt).toISOString(),
  finishedAt: new Date(end.endedAt).toISOString(),
  nextTryAt: null,
  problem: end.problem,
  result: end.result,
})
