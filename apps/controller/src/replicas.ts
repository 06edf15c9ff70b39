import { EventEmitter, once } from 'node:events'
import type { Engine, Replica } from '@pushfn/engine/engine'
import { aliasHost } from '@pushfn/model/alias'
import { routeKey } from '@pushfn/model/route'
import type { WantedState } from '@pushfn/store/wanted'
import { liveRouteKey } from './route-table.ts'

/**
 * What runs, as far as the controller knows: read whole from the engine at each resync, kept up by its events between.
 */
export interface Replicas {
  /** Reads everything anew. Throws when the engine does not answer; then what was known stays. */
  refresh(): Promise<void>
  /** Reads one anew, after an event. */
  look(replicaId: string): Promise<Replica | undefined>
  put(replica: Replica): void
  drop(replicaId: string): void
  all(): Iterable<Replica>
  /** Those that run under one alias. */
  of(state: Pick<WantedState, 'host' | 'name'>): Replica[]
  /** To be called once the replica has answered its readiness check. */
  prove(replicaId: string): void
  /** Whether callers may be sent to it: it has answered since it was started. One that is paused had. */
  isProven(replicaId: string): boolean
  /** Resolves when the replica dies or goes away, or rejects with the signal. */
  death(replicaId: string, signal: AbortSignal): Promise<void>
  /** To be called for every death that the engine tells. */
  died(replicaId: string): void
}

export const trackReplicas = (engine: Engine): Replicas => {
  const known = new Map<string, Replica>()
  const byAlias = new Map<string, Map<string, Replica>>()
  const proven = new Set<string>()
  /** What is learnt while the engine's list is on its way is newer than the list. */
  const learning = new Set<Map<string, Replica | undefined>>()
  const forget = (id: string) => {
    const before = known.get(id)
    if (!before) return
    known.delete(id)
    const siblings = byAlias.get(replicaKey(before))
    siblings?.delete(id)
    if (siblings?.size === 0) byAlias.delete(replicaKey(before))
  }
  const learn = (id: string, replica: Replica | undefined) => {
    for (const one of learning) one.set(id, replica)
    forget(id)
    if (replica?.state === 'paused') proven.add(id)
    else if (replica?.state !== 'running') proven.delete(id)
    if (!replica) return
    known.set(id, replica)
    const key = replicaKey(replica)
    byAlias.set(key, (byAlias.get(key) ?? new Map()).set(id, replica))
  }
  const deaths = new EventEmitter().setMaxListeners(0)
  return {
    refresh: async () => {
      const since = new Map<string, Replica | undefined>()
      learning.add(since)
      let listed: Map<string, Replica>
      try {
        listed = new Map((await engine.list()).map((replica) => [replica.id, replica]))
      } finally {
        learning.delete(since)
      }
      for (const [id, replica] of listed) if (!since.has(id)) learn(id, replica)
      for (const id of [...known.keys()]) if (!listed.has(id) && !since.has(id)) learn(id, undefined)
    },
    look: async (replicaId) => {
      const replica = await engine.inspect(replicaId)
      learn(replicaId, replica)
      return replica
    },
    put: (replica) => learn(replica.id, replica),
    drop: (replicaId) => learn(replicaId, undefined),
    all: () => known.values(),
    of: (state) => [...(byAlias.get(liveRouteKey(state))?.values() ?? [])],
    prove: (replicaId) => void proven.add(replicaId),
    isProven: (replicaId) => proven.has(replicaId),
    death: async (replicaId, signal) => {
      await once(deaths, replicaId, { signal })
    },
    died: (replicaId) => {
      proven.delete(replicaId)
      deaths.emit(replicaId)
    },
  }
}

/** The key of the route that leads to it. */
export const replicaKey = (replica: Pick<Replica, 'tenant' | 'function' | 'alias'>): string =>
  routeKey({ host: aliasHost(replica), function: replica.function })
