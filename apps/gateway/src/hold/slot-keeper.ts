import type { Log } from '@pushfn/kit/log'
import { replicaSlotKeys } from '@pushfn/store/calls/replica-slots'
import { openWaitingRedis, type Redis } from '@pushfn/store/redis'
import type { Upstream } from '../upstream.ts'
import { ReplicaSlots, type SlotOffice } from './replica-slots.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface SlotKeeperOptions {
  redisUrl: string
  cloud: string
  office: SlotOffice
  room: WaitingRoom
  log: Log
}

/** The slots of all replicas that have a limit. A gateway that knows none has no connection for them either. */
export class SlotKeeper {
  readonly #options: SlotKeeperOptions
  readonly #byReplica = new Map<string, ReplicaSlots>()
  #subscriber: Redis | undefined

  constructor(options: SlotKeeperOptions) {
    this.#options = options
  }

  /** Makes the limit of the replica this one; null: as many as come. */
  limit(upstream: Upstream, key: string, maxInflight: number | null): void {
    if (upstream.slots && maxInflight !== null) upstream.slots.limit = maxInflight
    else if (maxInflight !== null) upstream.slots = this.#open(upstream, key, maxInflight)
    else this.release(upstream)
  }

  /** The replica is gone, or has no limit any more. */
  release(upstream: Upstream): void {
    upstream.slots?.close()
    if (this.#byReplica.get(upstream.id) === upstream.slots) this.#byReplica.delete(upstream.id)
    upstream.slots = undefined
  }

  stop(): void {
    this.#subscriber?.disconnect()
  }

  #open(upstream: Upstream, key: string, limit: number): ReplicaSlots {
    this.#listen()
    const { room, office } = this.#options
    const of = {
      replica: upstream.id,
      inFlight: () => upstream.inFlight,
      waiting: () => room.heldOf(key),
      onRoom: () => room.changed(key),
    }
    // A replica that came back under another address goes by the same name in Redis.
    this.#byReplica.get(upstream.id)?.abandon()
    const slots = new ReplicaSlots(of, limit, office)
    this.#byReplica.set(upstream.id, slots)
    return slots
  }

  #listen(): void {
    if (this.#subscriber) return
    const { redisUrl, cloud, log } = this.#options
    const subscriber = openWaitingRedis(redisUrl, (err) => log.warn({ err: err.message }, 'redis is away'))
    this.#subscriber = subscriber
    subscriber.on('message', (_channel: string, replica: string) => this.#byReplica.get(replica)?.onBell())
    subscriber.on('ready', () => {
      subscriber.subscribe(replicaSlotKeys(cloud).bell).catch((err) => log.warn({ err }, 'could not subscribe'))
    })
  }
}
