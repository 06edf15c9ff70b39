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
  const deaths = new EventEmitter().setMaxListeners(0)
  return {
    refresh: async () => {
      known = new Map((await engine.list()).map((replica) => [replica.id, replica]))
    },
    look: async (replicaId) => {
      const replica = await engine.inspect(replicaId)
      if (replica) known.set(replicaId, replica)
      else known.delete(replicaId)
      return replica
    },
    put: (replica) => known.set(replica.id, replica),
    drop: (replicaId) => known.delete(replicaId),
    all: () => [...known.values()],
    of: (tenant, fn) => [...known.values()].filter((replica) => replica.tenant === tenant && replica.function === fn),
    death: async (replicaId, signal) => {
      await once(deaths, replicaId, { signal })
    },
    died: (replicaId) => deaths.emit(replicaId),
  }
}
