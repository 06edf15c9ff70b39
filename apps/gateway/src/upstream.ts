import { buildConnector, Client, type Dispatcher } from 'undici'

/**
 * The connections to one endpoint. undici speaks HTTP; which connection a call gets is decided here: the one used last
 * (so that the others idle out), else a new one up to the bound, else the call waits in line. One call at a time is on a
 * connection, so that none stands behind a slow one and none is lost with another's crash.
 */
export interface UpstreamCall extends Dispatcher.DispatchHandler {
  readonly options: Dispatcher.DispatchOptions
  /** Whether the call wants a new connection: one that was kept could fail it as its predecessor did. */
  readonly isWary: boolean
  /** Called with the connection right before the call goes out on it; `release` or `discard` takes it back. */
  onConnection(connection: Client): void
}

export interface UpstreamLimits {
  maxConnections: number
  maxWaiting: number
}

/** Shorter than the 5 s after which Node's servers close an idle connection, so that we are the first to let go. */
const IDLE_CONNECTION_MS = 4_000
const CONNECT_TIMEOUT_MS = 3_000

const connectTcp = buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false })

export class Upstream {
  readonly id: string
  readonly address: string
  /** Calls that are at this endpoint or wait for it, streams and upgraded connections too. */
  inFlight = 0
  /** Called whenever the last call has ended. */
  onIdle: (() => void) | undefined
  readonly #origin: string
  readonly #limits: UpstreamLimits
  readonly #idle: Client[] = []
  readonly #waiting: UpstreamCall[] = []
  #connections = 0
  #isClosed = false

  constructor(endpoint: { id: string; address: string }, limits: UpstreamLimits) {
    this.id = endpoint.id
    this.address = endpoint.address
    this.#origin = endpoint.address.includes('://') ? endpoint.address : `http://${endpoint.address}`
    this.#limits = limits
  }

  /** Counts the call in; `leave` counts it out. */
  enter(): void {
    this.inFlight += 1
  }

  leave(): void {
    this.inFlight -= 1
    if (this.inFlight === 0) this.onIdle?.()
  }

  /** Sends the call, now or when a connection is free. Returns false, and does nothing, when too many wait already. */
  dispatch(call: UpstreamCall): boolean {
    if (call.isWary) this.#dropOldest()
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

  release(connection: Client): void {
    const next = this.#waiting[0]
    if (next?.isWary) this.discard(connection)
    else if (next) this.#send(connection, this.#waiting.shift() ?? next)
    else if (this.#isClosed) this.#drop(connection)
    else this.#idle.push(connection)
  }

  /** Takes a connection back that has failed or was given away to an upgrade: the next in line gets a new one. */
  discard(connection: Client): void {
    this.#drop(connection)
    const next = this.#waiting.shift()
    if (!next) return
    const fresh = this.#open()
    if (fresh) this.#send(fresh, next)
    else this.#waiting.unshift(next)
  }

  /** Lets go of every idle connection; those in use go when their calls have ended. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#idle.splice(0)) this.#drop(connection)
  }

  #send(connection: Client, call: UpstreamCall): void {
    call.onConnection(connection)
    connection.dispatch(call.options, call)
  }

  #open(): Client | undefined {
    if (this.#connections >= this.#limits.maxConnections) return undefined
    this.#connections += 1
    const connection = new Client(this.#origin, {
      connect: connectTcp,
      pipelining: 1,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    })
    connection.on('disconnect', () => this.#forget(connection))
    return connection
  }

  #dropOldest(): void {
    const oldest = this.#idle.shift()
    if (oldest) this.#drop(oldest)
  }

  /** A connection that closed while idle is not kept: ten thousand functions would leave as many times its memory. */
  #forget(connection: Client): void {
    const index = this.#idle.indexOf(connection)
    if (index === -1) return
    this.#idle.splice(index, 1)
    this.#drop(connection)
  }

  /** Later, because undici may be in the midst of telling this connection's error. */
  #drop(connection: Client): void {
    this.#connections -= 1
    setImmediate(() => connection.destroy().catch(() => undefined))
  }
}
