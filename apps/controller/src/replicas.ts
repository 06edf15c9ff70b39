import { EventEmitter, once } from 'node:events'
import type { Engine, Replica } from '@pushfn/engine/engine'

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
  all(): Replica[]
  of(tenant: string, fn: string): Replica[]
  /** Resolves when the replica dies or goes away, or rejects with the signal. */
  death(replicaId: string, signal: AbortSignal): Promise<void>
  /** To be called for every death that the engine tells. */
  died(replicaId: string): void
}

export const trackReplicas = (engine: Engine): Replicas => {
  let known = new Map<string, Replica>()
  /** What is learnt while the engine's list is on its way is newer than the list. */
  const learnt = new Set<Map<string, Replica | undefined>>()
  const learn = (id: string, replica: Replica | undefined) => {
    for (const one of learnt) one.set(id, replica)
    if (replica) known.set(id, replica)
    else known.delete(id)
  }
  const deaths = new EventEmitter().setMaxListeners(0)
  return {
    refresh: async () => {
      const since = new Map<string, Replica | undefined>()
      learnt.add(since)
      try {
        known = new Map((await engine.list()).map((replica) => [replica.id, replica]))
        for (const [id, replica] of since) learn(id, replica)
      } finally {
        learnt.delete(since)
      }
    },
    look: async (replicaId) => {
      const replica = await engine.inspect(replicaId)
      learn(replicaId, replica)
      return replica
    },
    put: (replica) => learn(replica.id, replica),
    drop: (replicaId) => learn(replicaId, undefined),
    all: () => [...known.values()],
    of: (tenant, fn) => [...known.values()].filter((replica) => replica.tenant === tenant && replica.function === fn),
    death: async (replicaId, signal) => {
      await once(deaths, replicaId, { signal })
    },
    died: (replicaId) => deaths.emit(replicaId),
  }
}
