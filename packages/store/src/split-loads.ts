import type { LoadReport, SplitLoad } from '@pushfn/model/load'
import { addCounts } from '@pushfn/model/side-counts'

/**
 * What all gateways have counted of splits. Each tells all since a split began, so that the sum is exact however many reports
 * get lost, and whoever begins to listen has all of it a second later; of one that is gone, what it said last counts.
 */
export class SplitLoads {
  readonly #bySplit = new Map<string, Map<string, SplitLoad>>()

  hear({ gateway, splits }: LoadReport): void {
    for (const [id, load] of Object.entries(splits ?? {})) {
      this.#bySplit.set(id, (this.#bySplit.get(id) ?? new Map()).set(gateway, load))
    }
  }

  /** Undefined when no gateway has had a call of it. */
  of(id: string): SplitLoad | undefined {
    const loads = [...(this.#bySplit.get(id)?.values() ?? [])]
    return loads.length === 0 ? undefined : loads.reduce(add)
  }

  /** Forgets all others. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#bySplit.keys()) if (!ids.has(id)) this.#bySplit.delete(id)
  }
}

const add = (one: SplitLoad, other: SplitLoad): SplitLoad => ({
  live: addCounts(one.live, other.live),
  canary: addCounts(one.canary, other.canary),
})
