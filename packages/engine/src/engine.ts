import type { FunctionSpec } from '@pushfn/model/function-spec'

/**
 * What runs containers. A driver is a record of functions, one folder each; the conformance suite in
 * `test/conformance/engine` says what every one of them must do, on the real thing. Only the controller holds one.
 *
 * An engine touches nothing that does not bear the label `pushfn.cloud/managed=<cloud>`; everything it creates bears it.
 * An id of something else is, for every call, one of a replica that is gone. All calls may be repeated: to start what
 * runs, or remove what is gone, is a success. Failures throw `AppError('ENGINE_FAILED')`, which trying again may mend, or
 * `AppError('NOT_READY')` with a `hint` where only the tenant can mend it; an aborted signal's reason is thrown as it is.
 */
export interface Engine {
  readonly kind: 'docker' | 'swarm' | 'kubernetes'

  /**
   * The engine's version when it answers and can keep tenants apart; throws when it does not. Puts back what a restart of
   * the engine or of the host took away (firewall rules): to be called in every resync.
   */
  ping(signal?: AbortSignal): Promise<string>

  /** Makes what keeps the tenant apart (its network, its rules) where it is missing. `start` does so the first time too. */
  ensureNamespace(tenant: string, signal?: AbortSignal): Promise<void>

  /** Removes the tenant's namespace and every replica in it. */
  removeNamespace(tenant: string, signal?: AbortSignal): Promise<void>

  /**
   * Starts one replica and returns it as soon as the engine has started it; whether it answers is the caller's to ask.
   * An existing replica of the same workload and ordinal is started when it is stopped, and returned as it is otherwise;
   * one that is stopped and was made with other secrets is made anew. What reading the secrets throws is thrown.
   * The engine itself never restarts a replica; one that is started again may have another address.
   */
  start(workload: Workload, ordinal: number, signal?: AbortSignal): Promise<Replica>

  /** Asks the replica to end (SIGTERM), ends it after `graceMs`, and removes it with all that it wrote. */
  remove(replicaId: string, graceMs: number, signal?: AbortSignal): Promise<void>

  /**
   * Freezes a running replica where it stands: no CPU, all of its memory, its connections and its address kept. Time goes on
   * without it, so nothing may be under way in it. A replica that does not run is returned as it is.
   */
  pause(replicaId: string, signal?: AbortSignal): Promise<Replica | undefined>

  /** Lets a paused replica go on, which is at once: it needs no readiness check. Others are returned as they are. */
  resume(replicaId: string, signal?: AbortSignal): Promise<Replica | undefined>

  /**
   * Asks a running or paused replica to end (SIGTERM), ends it after `graceMs`, and keeps what `start` needs to start it
   * again: no memory, no processes, an address that may be another one then.
   */
  stop(replicaId: string, graceMs: number, signal?: AbortSignal): Promise<Replica | undefined>

  /** Milliseconds of CPU time that a running replica has used since it was started; undefined when it does not run. */
  usage(replicaId: string, signal?: AbortSignal): Promise<{ cpuMs: number } | undefined>

  /** Every replica of this cloud, running or not, in one call to the engine: without `exit`, which `inspect` knows. */
  list(signal?: AbortSignal): Promise<Replica[]>

  /** One replica as it is now, undefined when there is none. */
  inspect(replicaId: string, signal?: AbortSignal): Promise<Replica | undefined>

  /** The last lines a replica wrote to stdout and stderr, oldest first, each cut at 4 KiB. */
  logTail(replicaId: string, lines: number, signal?: AbortSignal): Promise<string[]>

  /**
   * Removes the engine's own copy of an image that was built for this cloud, with the layers that nothing else needs; a
   * registry keeps its own. True when it is gone, or never was there; false while a container is made of it.
   */
  removeImage(image: string, signal?: AbortSignal): Promise<boolean>

  /**
   * Starts, ends and disappearances of this cloud's replicas from this call on, until the signal. Ends without a throw when
   * the engine goes away, throws when it cannot be reached: watch again, then `list`, since events in between are lost.
   */
  watch(signal: AbortSignal): AsyncIterable<EngineEvent>
}

/** A revision as an engine runs it under one alias: under two it is two workloads, with replicas of their own. */
export interface Workload {
  tenant: string
  function: string
  /** A DNS label: `live`, or another name that points at the revision. */
  alias: string
  /** Short, unique, a DNS label: the tail of the revision's id. */
  revision: string
  build: string
  /** The image by digest or id; never a tag that can move. */
  image: string
  spec: FunctionSpec
  /** The controller's fence: the sequence of the push that wanted this. Kept as a label. */
  generation: string
  /** Files at /var/openfaas/secrets, read-only, in memory alone, and nowhere else; absent: there are none. */
  secrets?: WorkloadSecrets
}

export interface WorkloadSecrets {
  /** Another one whenever a value is. Kept as a label. */
  key: string
  /** The values by name, asked for only when the files have to be made. */
  read(signal?: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>>
}

export interface Replica {
  /** The engine's own id. */
  id: string
  tenant: string
  function: string
  alias: string
  revision: string
  ordinal: number
  generation: string
  /** The key of the secrets that it was made with. */
  secrets?: string
  state: 'starting' | 'running' | 'paused' | 'stopped'
  /** `ip:port` while running. */
  address?: string
  /** Why it stopped, when it did. */
  exit?: { code: number; isOutOfMemory: boolean }
}

export interface EngineEvent {
  kind: 'started' | 'died' | 'removed'
  replicaId: string
  tenant: string
  function: string
  alias: string
  revision: string
}
