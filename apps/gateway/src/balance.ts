import { mayTakeCall } from './ejection.ts'
import type { Upstream } from './upstream.ts'

export interface Balancing {
  /** Any growing number: decides among equals, so that they take turns. */
  turn: number
  /** Those that have failed the call already. */
  tried: readonly Upstream[] | undefined
  /** By the clock's count. */
  nowMs: number
}

/**
 * The endpoint with the fewest calls in flight, of those that have room, are not tried yet and not ejected; when all are ejected, the one
 * whose time is over first. Undefined when none is left.
 */
export const leastBusy = (upstreams: readonly Upstream[], balancing: Balancing): Upstream | undefined => {
  const { turn, tried, nowMs } = balancing
  let best: Upstream | undefined
  let leastBad: Upstream | undefined
  for (let i = 0; i < upstreams.length; i += 1) {
    const upstream = upstreams[(i + turn) % upstreams.length]
    if (upstream === undefined || !upstream.hasRoom || tried?.includes(upstream)) continue
    if (!mayTakeCall(upstream.failing, upstream.inFlight, nowMs)) {
      if (leastBad === undefined || untilMs(upstream) < untilMs(leastBad)) leastBad = upstream
    } else if (best === undefined || upstream.inFlight < best.inFlight) best = upstream
  }
  return best ?? leastBad
}

const untilMs = (upstream: Upstream): number => upstream.failing?.ejectedUntilMs ?? 0
