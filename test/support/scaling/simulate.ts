import type { ScaleSpec } from '@pushfn/model/function-spec'
import { decide, newScaleMemory, type Windows } from '../../../apps/controller/src/scale/decide.ts'
import { LoadHistory } from '../../../apps/controller/src/scale/load-history.ts'
import { type Depth, sleepDepth } from '../../../apps/controller/src/scale/sleep-depth.ts'

/**
 * A function under a curve of load, second by second, through the controller's own windows and decisions: calls come, a
 * replica works at `target` of them at once, what finds no room waits, a replica that is started serves some time later.
 */
export interface Simulated {
  second: number
  /** Calls that came in this second. */
  calls: number
  waiting: number
  /** Replicas that serve. */
  ready: number
  depth: Depth
}

export interface SimulationOptions {
  spec: ScaleSpec
  /** Calls a second, by second. */
  curve: (second: number) => number
  seconds: number
  /** Seconds that a call takes. */
  serviceSeconds: number
  startSeconds: number
  wakeSeconds: number
  windows?: Windows
}

export const simulate = (options: SimulationOptions): Simulated[] => {
  const { spec, curve, seconds, serviceSeconds } = options
  const windows = options.windows ?? { stableMs: 60_000, panicMs: 6_000 }
  const history = new LoadHistory(windows.stableMs)
  let memory = newScaleMemory(Math.max(1, spec.min))
  /** When each replica serves. */
  let readyAt = Array.from({ length: memory.replicas }, () => 0)
  let depth: Depth = 'awake'
  let idleSince = 0
  let waiting = 0
  const seen: Simulated[] = []
  for (let second = 0; second < seconds; second++) {
    const calls = Math.max(0, curve(second))
    if (calls + waiting > 0) {
      if (depth !== 'awake') {
        const late = depth === 'paused' ? options.wakeSeconds : options.startSeconds
        readyAt = Array.from({ length: memory.replicas }, () => second + late)
        depth = 'awake'
      }
      idleSince = second
    }
    // A replica that gets ready in the midst of a second serves for the rest of it.
    const serving = readyAt.reduce((sum, at) => sum + Math.min(1, Math.max(0, second + 1 - at)), 0)
    const served = Math.min(waiting + calls, (serving * spec.target) / serviceSeconds)
    waiting = waiting + calls - served
    const concurrency = served * serviceSeconds + waiting
    const nowMs = (second + 1) * 1_000
    history.add({ atMs: nowMs, forMs: 1_000, value: concurrency })
    if (depth === 'awake') {
      const load = { stable: history.average(windows.stableMs, nowMs), panic: history.average(windows.panicMs, nowMs) }
      memory = decide(memory, load, spec, { nowMs, windows })
      while (readyAt.length < memory.replicas) readyAt.push(second + 1 + options.startSeconds)
      readyAt = readyAt.slice(0, memory.replicas)
      depth = sleepDepth((second - idleSince) * 1_000, spec)
      if (depth !== 'awake') {
        memory = newScaleMemory(Math.max(1, spec.min))
        history.clear()
      }
    } else {
      depth = sleepDepth((second - idleSince) * 1_000, spec)
    }
    const ready = depth === 'awake' ? readyAt.filter((at) => at <= second).length : 0
    seen.push({ second, calls, waiting, ready, depth })
  }
  return seen
}
