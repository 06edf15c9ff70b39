import type { FunctionSpec } from '@pushfn/model/function-spec'
import { functionKey } from '@pushfn/model/load'
import type { Database } from '@pushfn/store/database'
import { allWantedStates, type WantedState, wantedState } from '@pushfn/store/wanted'

/**
 * Every function as it was last read: what decides within a millisecond, at a wake say, does not ask the database. The
 * leader alone moves what is live, and says so here; the rest is as old as the last resync at most.
 */
export interface Functions {
  /** Reads all of them anew. */
  refresh(): Promise<WantedState[]>
  /** Reads one anew; undefined when there is none of that id. */
  read(functionId: string): Promise<WantedState | undefined>
  /** The leader has moved what is live. */
  moved(state: WantedState): void
  get(functionId: string): WantedState | undefined
  /** By `functionKey`. */
  find(key: string): WantedState | undefined
  all(): Iterable<WantedState>
}

export const trackFunctions = (db: Database): Functions => {
  const specs = new Map<string, FunctionSpec>()
  let byId = new Map<string, WantedState>()
  let byKey = new Map<string, WantedState>()
  /** What was read before a move does not take it back, however late the answer comes. */
  const movedAt = new Map<string, number>()
  let clock = 0
  const put = (state: WantedState) => {
    byId.set(state.functionId, state)
    byKey.set(keyOf(state), state)
  }
  const isNewer = (state: WantedState, askedAt: number) => (movedAt.get(state.functionId) ?? 0) < askedAt
  return {
    refresh: async () => {
      const askedAt = ++clock
      const read = await allWantedStates(db, specs)
      const states = read.map((state) => (isNewer(state, askedAt) ? state : (byId.get(state.functionId) ?? state)))
      byId = new Map(states.map((state) => [state.functionId, state]))
      byKey = new Map(states.map((state) => [keyOf(state), state]))
      for (const [id, at] of movedAt) if (at < askedAt) movedAt.delete(id)
      return states
    },
    read: async (functionId) => {
      const askedAt = ++clock
      const state = await wantedState(db, functionId)
      if (state && isNewer(state, askedAt)) put(state)
      return state
    },
    moved: (state) => {
      movedAt.set(state.functionId, ++clock)
      put(state)
    },
    get: (functionId) => byId.get(functionId),
    find: (key) => byKey.get(key),
    all: () => byId.values(),
  }
}

const keyOf = ({ tenant, name }: WantedState): string => functionKey({ tenant, function: name })
