import type { Redis } from '../redis.ts'
import { type CallBells, openCallBells } from './call-bells.ts'
import { openCallQueues } from './call-queues.ts'
import type { CallReader } from './call-state.ts'
import { openSchedules, type Schedules } from './schedules.ts'

/** Async calls and schedules, for whoever tells of them and does not run them. */
export interface CallOffice extends CallReader, AsyncDisposable {
  bells: CallBells
  schedules: Schedules
}

export const openCallOffice = (redis: Redis, cloud: string, onError: (err: Error) => void): CallOffice => {
  const queues = openCallQueues(redis, cloud, onError)
  const bells = openCallBells(redis, cloud, onError)
  const schedules = openSchedules(redis, cloud, onError)
  return {
    redis,
    cloud,
    queues,
    bells,
    schedules,
    [Symbol.asyncDispose]: async () => {
      bells[Symbol.dispose]()
      await schedules[Symbol.asyncDispose]()
      await queues[Symbol.asyncDispose]()
    },
  }
}
