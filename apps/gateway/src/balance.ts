import type { Upstream } from './upstream.ts'

/**
 * The endpoint with the fewest calls in flight, of those not in `tried`; among equals the next in turn, which `turn`
 * (any growing number) decides. Undefined when there is none.
 */
export const leastBusy = (
  upstreams: readonly Upstream[],
  turn: number,
  tried: readonly Upstream[] | undefined,
): Upstream | undefined => {
  if (upstreams.length === 1 && tried === undefined) return upstreams[0]
  let best: Upstream | undefined
  for (let i = 0; i < upstreams.length; i += 1) {
    const upstream = upstreams[(i + turn) % upstreams.length]
    if (upstream === undefined || tried?.includes(upstream)) continue
    if (best === undefined || upstream.inFlight < best.inFlight) best = upstream
  }
  return best
}
