import { randomUUID } from 'node:crypto'
import type { Log } from '@pushfn/kit/log'
import { beat, holdSlots, leave, takeTokens } from '@pushfn/store/calls/leases'
import { askSlots, type SlotsAsked } from '@pushfn/store/calls/replica-slots'
import type { Redis } from '@pushfn/store/redis'

/**
 * Where limits that count over all gateways are leased. It knows whether Redis can be asked and how many gateway
 * processes share with this one, so that each can go on with its own share while Redis is away.
 */
export class LeaseOffice {
  /** Gateway processes that were alive when Redis was heard last, this one among them. */
  gateways = 1
  readonly #redis: Redis
  readonly #cloud: string
  readonly #gateway = randomUUID()
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #awayUntilMs = 0

  constructor(redis: Redis, cloud: string, log: Log) {
    this.#redis = redis
    this.#cloud = cloud
    this.#log = log
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS)
    redis.on('ready', () => void this.#beat())
  }

  /** Undefined: Redis cannot be asked now. */
  takeTokens(of: Parameters<typeof takeTokens>[2]): ReturnType<typeof takeTokens> | undefined {
    return this.#ask(() => takeTokens(this.#redis, this.#cloud, of))
  }

  /** Undefined: Redis cannot be asked now. */
  holdSlots(of: Omit<Parameters<typeof holdSlots>[2], 'gateway'>): Promise<number> | undefined {
    return this.#ask(() => holdSlots(this.#redis, this.#cloud, { ...of, gateway: this.#gateway }))
  }

  /** Undefined: Redis cannot be asked now. */
  askSlots(of: Omit<SlotsAsked, 'gateway'>): ReturnType<typeof askSlots> | undefined {
    return this.#ask(() => askSlots(this.#redis, this.#cloud, { ...of, gateway: this.#gateway }))
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#redis.status === 'ready') await leave(this.#redis, this.#cloud, this.#gateway).catch(() => undefined)
  }

  /** Rejects when Redis does not answer; from then on it is not asked for a while, so that not every call waits for it. */
  #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> | undefined {
    if (this.#redis.status !== 'ready' || performance.now() < this.#awayUntilMs) return undefined
    return question().catch((err) => {
      this.#awayUntilMs = performance.now() + AWAY_MS
      this.#log.warn({ err }, 'redis does not answer; limits are kept by this gateway’s share')
      throw err
    })
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return
    try {
      this.gateways = Math.max(1, await beat(this.#redis, this.#cloud, this.#gateway))
      this.#awayUntilMs = 0
    } catch (err) {
      this.#log.warn({ err }, 'could not tell that this gateway is alive')
    }
  }
}

const BEAT_MS = 3_000
const AWAY_MS = 1_000
