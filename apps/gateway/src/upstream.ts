import { afterFailure, type Failing, mayTakeCall } from './ejection.ts'
import type { ReplicaSlots } from './hold/replica-slots.ts'
import type { Clock } from './wire/clock.ts'
import { Connection, type ConnectionOwner, type ConnectionUser } from './wire/connection.ts'

/**
 * The connections to one endpoint, and which of them a call gets: the one used last (so that the others idle out), else
 * a new one up to the bound, else the call waits in line. One call at a time is on a connection, so that none stands
 * behind a slow one and none is lost with another's crash.
 */
export interface UpstreamCall extends ConnectionUser {
  /** Whether the call wants a new connection: one that was kept could fail it as its predecessor did. */
  readonly isWary: boolean
  /** Called with the connection right before it is used; `release` or `discard` gives it back. */
  onConnection(connection: Connection): void
}

export interface UpstreamLimits {
  maxConnections: number
  maxWaiting: number
  clock: Clock
}

const NONE: never[] = []

export class Upstream implements ConnectionOwner {
  readonly id: string
  readonly address: string
  /** Calls that are at this endpoint or wait for it, streams and upgraded connections too. */
  inFlight = 0
  /** The table's count of routes that lead here. */
  routes = 0
  /** How it fails; undefined while it does not. */
  failing: Failing | undefined
  /** What of it this process may use at once; undefined where there is no limit. */
  slots: ReplicaSlots | undefined
  /** Called whenever the last call has ended. */
  onIdle: (() => void) | undefined
  readonly #limits: UpstreamLimits
  // Made at the first connection: most of very many endpoints have none.
  #idle: Connection[] = NONE
  #waiting: UpstreamCall[] = NONE
  #connections = 0
  #isClosed = false

  /** `address` is `host:port`, IPv6 in brackets. */
  constructor(endpoint: { id: string; address: string }, limits: UpstreamLimits) {
    this.id = endpoint.id
    this.address = endpoint.address
    this.#limits = limits
  }

  /** Counts the call in; `leave` counts it out. */
  enter(): void {
    this.inFlight += 1
    this.slots?.entered()
  }

  leave(): void {
    this.inFlight -= 1
    this.slots?.left()
    if (this.inFlight === 0) this.onIdle?.()
  }

  /** Whether one more call may go to it now. */
  get hasRoom(): boolean {
    return this.slots === undefined || this.slots.hasRoom
  }

  /** The same, and it does not fail again and again. */
  get mayTakeCall(): boolean {
    return this.hasRoom && mayTakeCall(this.failing, this.inFlight, this.nowMs)
  }

  /** A call was answered. */
  succeeded(): void {
    if (this.failing !== undefined) this.failing = undefined
  }

  /** A call failed by the replica's fault. */
  failed(): void {
    this.failing = afterFailure(this.failing, this.#limits.clock.nowMs)
  }

  get nowMs(): number {
    return this.#limits.clock.nowMs
  }

  /** Sends the call, now or when a connection is free. Returns false, and does nothing, when too many wait already. */
  dispatch(call: UpstreamCall): boolean {
    if (call.isWary) this.#idle[0]?.abandon()
    const connection = call.isWary ? this.#open() : (this.#idle.pop() ?? this.#open())
    if (connection) this.#send(connection, call)
    else if (this.#waiting.length < this.#limits.maxWaiting) this.#waiting.push(call)
    else return false
    return true
  }

  /** Takes a call that waits out of the line. Returns false when it is not there any more. */
  withdraw(call: UpstreamCall): boolean {
    const index = this.#waiting.indexOf(call)
    if (index === -1) return false
    this.#waiting.splice(index, 1)
    return true
  }

  /** Takes a connection back for the next call; one that is closed already is let go. */
  release(connection: Connection): void {
    if (connection.isClosed) return
    const next = this.#waiting[0]
    if (this.#isClosed && !next) connection.abandon()
    else if (next?.isWary) connection.abandon()
    else if (next) this.#send(connection, this.#waiting.shift() ?? next)
    else {
      connection.rest()
      this.#idle.push(connection)
    }
  }

  /** Lets go of every idle connection; those in use go when their calls have ended. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#idle.splice(0)) connection.abandon()
  }

  /** One place is free: the next in line gets a new connection. */
  onConnectionClosed(connection: Connection): void {
    this.#connections -= 1
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    if (this.#waiting.length === 0) return
    const fresh = this.#open()
    const next = fresh && this.#waiting.shift()
    if (next) this.#send(fresh, next)
  }

  #send(connection: Connection, call: UpstreamCall): void {
    call.onConnection(connection)
    connection.use(call)
  }

  #open(): Connection | undefined {
    if (this.#connections >= this.#limits.maxConnections) return undefined
    if (this.#idle === NONE) {
      this.#idle = []
      this.#waiting = []
    }
    this.#connections += 1
    const colon = this.address.lastIndexOf(':')
    const host = this.address.slice(0, colon).replace(/^\[|\]$/g, '')
    const port = Number(this.address.slice(colon + 1))
    return new Connection({ host, port, clock: this.#limits.clock, owner: this })
  }
}
