import { type FunctionLoad, LoadReport, loadChannel } from '@pushfn/model/load'
import type { Bus } from './bus.ts'
import { SplitLoads } from './split-loads.ts'

/** What all gateways together have to do with a function. */
export interface TotalLoad {
  /** Calls under way or held, averaged over the stretch. */
  concurrency: number
  callsPerSecond: number
  held: number
  queued: number
}

export interface Loads {
  /**
   * The load of every route that has any, by its key, in the stretch since the last call of this. Undefined when
   * one of the living gateways has not been heard for some seconds, or nobody knows which ones live: then nothing is known,
   * and a function that nobody speaks of is not idle.
   */
  take(alive: readonly string[] | undefined): ReadonlyMap<string, TotalLoad> | undefined
  /** Calls back when a gateway does not wait for its interval to end: much has come at once, or calls are held. */
  onHaste(listener: () => void): void
  /** What came of calls that are split between two revisions. */
  readonly splits: SplitLoads
  close(): void
}

/** Three reports: one that is late, and one that is lost. */
const FRESH_MS = 3_000

/** What one gateway said of one function since the last look, and what it said last. */
interface Heard {
  /** Calls × milliseconds. */
  concurrencyMs: number
  calls: number
  last: FunctionLoad
}

interface Gateway {
  heardAtMs: number
  forMs: number
  functions: Map<string, Heard>
}

export const watchLoads = async (bus: Bus, cloud: string): Promise<Loads> => {
  const gateways = new Map<string, Gateway>()
  const hasty = new Set<() => void>()
  const splits = new SplitLoads()
  const close = await bus.subscribe(loadChannel(cloud), (text) => {
    const report = LoadReport.parse(JSON.parse(text))
    const gateway = gateways.get(report.gateway) ?? { heardAtMs: 0, forMs: 0, functions: new Map() }
    gateways.set(report.gateway, gateway)
    hear(gateway, report)
    splits.hear(report)
    if (report.isUrgent) for (const listener of hasty) listener()
  })

  return {
    take: (alive) => {
      const since = performance.now() - FRESH_MS
      for (const [id, { heardAtMs }] of gateways) if (heardAtMs < since && !alive?.includes(id)) gateways.delete(id)
      const isKnown = alive?.length && alive.every((id) => (gateways.get(id)?.heardAtMs ?? -Infinity) >= since)
      const total = sum([...gateways.values()])
      return isKnown ? total : undefined
    },
    onHaste: (listener) => void hasty.add(listener),
    splits,
    close,
  }
}

const hear = (gateway: Gateway, { functions, intervalMs }: LoadReport): void => {
  gateway.heardAtMs = performance.now()
  gateway.forMs += intervalMs
  for (const key of gateway.functions.keys()) if (!functions[key]) still(gateway, key)
  for (const [key, load] of Object.entries(functions)) {
    const heard = gateway.functions.get(key) ?? { concurrencyMs: 0, calls: 0, last: load }
    heard.concurrencyMs += load.concurrency * intervalMs
    heard.calls += load.calls
    heard.last = load
    gateway.functions.set(key, heard)
  }
}

/** A function that is not told of has nothing to do any more; what it had to do since the last look still counts. */
const still = (gateway: Gateway, key: string): void => {
  const heard = gateway.functions.get(key)
  if (heard) heard.last = NOTHING
}

const NOTHING: FunctionLoad = { concurrency: 0, calls: 0, held: 0, queued: 0 }

/** Over all gateways, each by its own clock: what two of them had at once adds up, however their reports fall. */
const sum = (gateways: readonly Gateway[]): Map<string, TotalLoad> => {
  const total = new Map<string, TotalLoad>()
  for (const gateway of gateways) {
    for (const [key, heard] of gateway.functions) {
      const one = total.get(key) ?? { concurrency: 0, callsPerSecond: 0, held: 0, queued: 0 }
      // No report fell into this stretch: what was said last still goes.
      one.concurrency += gateway.forMs > 0 ? heard.concurrencyMs / gateway.forMs : heard.last.concurrency
      one.callsPerSecond += gateway.forMs > 0 ? (heard.calls * 1_000) / gateway.forMs : 0
      one.held += heard.last.held
      // They all look at the same queue.
      one.queued = Math.max(one.queued, heard.last.queued)
      total.set(key, one)
      if (heard.last === NOTHING) gateway.functions.delete(key)
      heard.concurrencyMs = 0
      heard.calls = 0
    }
    gateway.forMs = 0
  }
  return total
}
