/**
 * What becomes of a replica that fails again and again: for a while it is given no calls (it is ejected), then one at a
 * time, until one succeeds or it is ejected for longer. Pure: the balance asks, the exchange reports.
 */
export interface Failing {
  /** In a row, since the last answer. */
  readonly failures: number
  /** By the clock's count: until when it is given no calls. */
  readonly ejectedUntilMs: number
}

const FAILURES_TO_EJECT = 3
const FIRST_MS = 1_000
/** A replica that has come back is found out so soon at the latest. */
const LONGEST_MS = 10_000

/** The state of a replica that has failed once more. A success ends it: the state is then undefined. */
export const afterFailure = (before: Failing | undefined, nowMs: number): Failing => {
  const failures = (before?.failures ?? 0) + 1
  const times = failures - FAILURES_TO_EJECT
  const ejectedUntilMs = times < 0 ? nowMs : nowMs + Math.min(FIRST_MS * 2 ** Math.min(times, 20), LONGEST_MS)
  return { failures, ejectedUntilMs }
}

export const isEjected = (state: Failing | undefined, nowMs: number): boolean =>
  state !== undefined && state.ejectedUntilMs > nowMs

/** Whether it may be given a call: one that was ejected is tried with one at a time. */
export const mayTakeCall = (state: Failing | undefined, inFlight: number, nowMs: number): boolean => {
  if (state === undefined || state.failures < FAILURES_TO_EJECT) return true
  return state.ejectedUntilMs <= nowMs && inFlight === 0
}
