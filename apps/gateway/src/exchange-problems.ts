import type { Call } from './call.ts'
import type { Refusal } from './hold/waiting-room.ts'
import { type Problem, problems } from './problem.ts'
import { mayRetry } from './retry.ts'
import type { RouteEntry } from './route-table.ts'
import type { WireFault } from './wire/wire-error.ts'

/** What to tell the caller whose call could not wait for a replica, or waited for none. */
export const refusalProblem = (present: RouteEntry, why: Refusal | 'late'): Problem => {
  const { hold } = present.policy
  const name = present.stats.functionName
  if (why === 'room-full') return problems.tooManyHeld(name)
  if (why === 'line-full' && hold.calls > 0) return problems.lineFull(name, hold.calls)
  if (present.upstreams.some((upstream) => !upstream.hasRoom)) return problems.busy(name)
  if (present.upstreams.length > 0) return problems.unreachable(name)
  return hold.calls > 0 ? problems.heldTooLong(name, hold.ms) : problems.asleep(name)
}

/** How far a call had come when its connection failed. */
export interface HowFar {
  /** Its body waited for the function to read on. */
  isBlocked: boolean
  /** Something of an answer had come. */
  hasAnswered: boolean
  /** Attempts by which the head may have left, the present one among them. */
  timesSent: number
  /** Whether the head may have left in the present attempt. */
  isSent: boolean
}

/** What to tell the caller of this fault; undefined when another attempt may do better. */
export const faultProblem = (
  { req, entry, hasBody }: Pick<Call, 'req' | 'entry' | 'hasBody'>,
  fault: WireFault,
  { isBlocked, hasAnswered, timesSent, isSent }: HowFar,
): Problem | undefined => {
  const { stats, policy } = entry
  const name = stats.functionName
  if (fault === 'no-answer') return problems.timedOut(name, policy.responseTimeoutMs)
  if (fault === 'stalled' && isBlocked) return problems.timedOut(name, policy.idleTimeoutMs)
  if (fault === 'stalled') return problems.bodyStalled(name, policy.idleTimeoutMs)
  if (fault === 'malformed') return problems.malformed(name)
  const attempt = { method: req.method ?? 'GET', hasBody, hasAnswered, attempts: timesSent, isSent }
  return mayRetry(attempt) ? undefined : problems.crashed(name)
}
