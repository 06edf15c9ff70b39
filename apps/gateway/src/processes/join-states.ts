import { CallStats, countedAs, type ToldCalls } from '../call-stats.ts'
import type { GatewayNumbers } from '../metrics.ts'
import type { ReplicaCount } from '../route-table.ts'
import type { WorkerState } from './messages.ts'

/** Several workers as one gateway: calls are added up; what each of them knows of the same thing is counted once. */
export const joinStates = (
  workers: readonly WorkerState[],
  gone: CallTotals,
): Omit<GatewayNumbers, 'workerRestarts' | 'queues'> => {
  const totals = new CallTotals()
  totals.add(gone.all())
  const replicas = new Map<string, ReplicaCount>()
  for (const worker of workers) {
    totals.add(worker.calls)
    for (const count of worker.replicas) replicas.set(countedAs(count), most(replicas.get(countedAs(count)), count))
  }
  return {
    calls: totals.all(),
    replicas: [...replicas.values()],
    routes: Math.max(0, ...workers.map((worker) => worker.routes)),
    workersReady: workers.filter((worker) => worker.isReady).length,
  }
}

const most = (before: ReplicaCount | undefined, count: ReplicaCount): ReplicaCount => ({
  functionName: count.functionName,
  alias: count.alias,
  replicas: Math.max(before?.replicas ?? 0, count.replicas),
  ejected: Math.max(before?.ejected ?? 0, count.ejected),
})

/** Calls of several workers added up, by function and kind of alias. */
export class CallTotals {
  readonly #byName = new Map<string, CallStats>()

  /** `stats` may have come from another process: plain records of what CallStats has. */
  add(stats: readonly ToldCalls[]): void {
    for (const one of stats) {
      const known = this.#byName.get(countedAs(one))
      const total = known ?? new CallStats(one.functionName, { alias: one.alias })
      if (!known) this.#byName.set(countedAs(one), total)
      total.add(one)
    }
  }

  all(): CallStats[] {
    return [...this.#byName.values()]
  }
}
