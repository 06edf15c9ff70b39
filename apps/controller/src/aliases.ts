import { isCommitAlias } from '@pushfn/model/alias'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { Database } from '@pushfn/store/database'
import { allWantedStates, type WantedState, wantedState, wantedStatesOf } from '@pushfn/store/wanted'
import { commitsAsleep } from './commits-asleep.ts'
import { liveRouteKey } from './route-table.ts'

/**
 * Every alias as it was last read: what decides within a millisecond, at a wake say, does not ask the database. The
 * leader alone moves what is live, and says so here; the rest is as old as the last resync at most.
 */
export interface Aliases {
  /** Reads all of them anew; commits', of which there are many and nothing happens, once a minute. */
  refresh(): Promise<WantedState[]>
  /** Reads one anew; undefined when there is none of that id. */
  read(aliasId: string): Promise<WantedState | undefined>
  /** Reads those of one function anew. */
  readOf(functionId: string): Promise<WantedState[]>
  /** The leader has moved what is live. */
  moved(state: WantedState): void
  get(aliasId: string): WantedState | undefined
  /** By the key of its route. */
  find(key: string): WantedState | undefined
  all(): Iterable<WantedState>
}

/** Whatever happens to them somebody rings a bell for; this finds those that were lost. */
const COMMITS_EVERY_MS = 60_000

export const trackAliases = (db: Database, commitIdleMs: number): Aliases => {
  const specs = new Map<string, FunctionSpec>()
  let byId = new Map<string, WantedState>()
  let byKey = new Map<string, WantedState>()
  /** What was read before a move does not take it back, however late the answer comes. */
  const movedAt = new Map<string, number>()
  let clock = 0
  const asItRuns = commitsAsleep(commitIdleMs)
  let commitsReadMs = Number.NEGATIVE_INFINITY
  const drop = (aliasId: string) => {
    const state = byId.get(aliasId)
    if (state) byKey.delete(liveRouteKey(state))
    byId.delete(aliasId)
  }
  const put = (state: WantedState) => {
    // What is new need not be in a list that is on its way.
    if (!byId.has(state.aliasId)) movedAt.set(state.aliasId, ++clock)
    byId.set(state.aliasId, state)
    byKey.set(liveRouteKey(state), state)
  }
  const isNewer = (state: WantedState, askedAt: number) => (movedAt.get(state.aliasId) ?? 0) < askedAt
  return {
    refresh: async () => {
      const askedAt = ++clock
      const withCommits = performance.now() - commitsReadMs > COMMITS_EVERY_MS
      const read = (await allWantedStates(db, specs, { withCommits })).map(asItRuns)
      if (withCommits) commitsReadMs = performance.now()
      const fresh = read.map((state) => (isNewer(state, askedAt) ? state : (byId.get(state.aliasId) ?? state)))
      const ids = new Set(read.map((state) => state.aliasId))
      const kept = [...byId.values()].filter((state) => {
        const isUnread = !withCommits && isCommitAlias(state.alias)
        return !ids.has(state.aliasId) && (isUnread || !isNewer(state, askedAt))
      })
      const states = [...fresh, ...kept]
      byId = new Map(states.map((state) => [state.aliasId, state]))
      byKey = new Map(states.map((state) => [liveRouteKey(state), state]))
      for (const [id, at] of movedAt) if (at < askedAt) movedAt.delete(id)
      return states
    },
    read: async (aliasId) => {
      const askedAt = ++clock
      const found = await wantedState(db, aliasId)
      const state = found && asItRuns(found)
      if (!state) drop(aliasId)
      if (state && isNewer(state, askedAt)) put(state)
      return state
    },
    readOf: async (functionId) => {
      const askedAt = ++clock
      const states = (await wantedStatesOf(db, functionId)).map(asItRuns)
      for (const state of states) if (isNewer(state, askedAt)) put(state)
      return states
    },
    moved: (state) => {
      movedAt.set(state.aliasId, ++clock)
      put(state)
    },
    get: (aliasId) => byId.get(aliasId),
    find: (key) => byKey.get(key),
    all: () => byId.values(),
  }
}
