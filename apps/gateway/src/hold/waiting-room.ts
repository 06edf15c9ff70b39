import type { RoutePolicy } from '@pushfn/model/route'

/** A call for which no replica is there, or none has room. */
export interface HeldCall {
  /** Whether it could go on now, or fail: false while it must go on waiting. */
  mayGo(): boolean
  /** It has left its line and goes on; it may come back. */
  go(): void
  /** It has waited for as long as it may. */
  onHeldTooLong(): void
}

/** Why a call is not held: so many of its function are, or so many of all together. */
export type Refusal = 'line-full' | 'room-full'

export interface WaitingRoomOptions {
  /** Calls of all functions that are held at once. */
  maxHeld: number
  /** A route is waited for: said as soon as somebody waits, and again each second while anybody does. */
  onWanted: (key: string) => void
}

interface Line {
  /** In the order they came, each with the clock of its patience. */
  calls: Map<HeldCall, NodeJS.Timeout>
  wanting: NodeJS.Timeout
}

const WANT_EVERY_MS = 1_000

/**
 * Where calls wait for a replica, in the order they came, by the key of their route. It holds callers and nothing else: no byte of a body
 * is read while its call waits, so that a held call costs what its head costs.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #lines = new Map<string, Line>()
  #count = 0

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  heldOf(key: string): number {
    return this.#lines.get(key)?.calls.size ?? 0
  }

  /** Gives the call a place at the end of its line; whoever leaves before its turn says so by `leave`. */
  enter(call: HeldCall, key: string, hold: RoutePolicy['hold']): Refusal | undefined {
    if (this.#count >= this.#options.maxHeld) return 'room-full'
    if (this.heldOf(key) >= hold.calls) return 'line-full'
    const timer = setTimeout(() => {
      this.#remove(call, key)
      call.onHeldTooLong()
    }, hold.ms)
    this.#count += 1
    const line = this.#lines.get(key) ?? this.#open(key)
    line.calls.set(call, timer)
    return undefined
  }

  /** Frees the place of a call that waits no more; of one that does not, nothing. */
  leave(call: HeldCall, key: string): void {
    this.#remove(call, key)
  }

  /** Something has changed for the function: its calls try again, in order, until one must go on waiting. */
  changed(key: string): void {
    const line = this.#lines.get(key)
    if (!line) return
    for (const call of [...line.calls.keys()]) {
      // An earlier one may have ended this one too.
      if (!line.calls.has(call)) continue
      if (!call.mayGo()) return
      this.#remove(call, key)
      call.go()
    }
  }

  allChanged(): void {
    for (const key of [...this.#lines.keys()]) this.changed(key)
  }

  #open(key: string): Line {
    const { onWanted } = this.#options
    const wanting = setInterval(() => {
      onWanted(key)
      // A replica that refused may have been busy only.
      this.changed(key)
    }, WANT_EVERY_MS)
    const line = { calls: new Map(), wanting }
    this.#lines.set(key, line)
    onWanted(key)
    return line
  }

  #remove(call: HeldCall, key: string): void {
    const line = this.#lines.get(key)
    const timer = line?.calls.get(call)
    if (!line || !timer) return
    clearTimeout(timer)
    line.calls.delete(call)
    this.#count -= 1
    if (line.calls.size > 0) return
    clearInterval(line.wanting)
    this.#lines.delete(key)
  }
}
