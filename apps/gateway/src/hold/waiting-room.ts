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
  /** A function is waited for: said as soon as somebody waits, and again each second while anybody does. */
  onWanted: (functionName: string) => void
}

interface Line {
  /** In the order they came, each with the clock of its patience. */
  calls: Map<HeldCall, NodeJS.Timeout>
  wanting: NodeJS.Timeout
}

const WANT_EVERY_MS = 1_000

/**
 * Where calls wait for a replica, in the order they came, by function. It holds callers and nothing else: no byte of a body
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

  heldOf(functionName: string): number {
    return this.#lines.get(functionName)?.calls.size ?? 0
  }

  /** Gives the call a place at the end of its line; whoever leaves before its turn says so by `leave`. */
  enter(call: HeldCall, functionName: string, hold: RoutePolicy['hold']): Refusal | undefined {
    if (this.#count >= this.#options.maxHeld) return 'room-full'
    if (this.heldOf(functionName) >= hold.calls) return 'line-full'
    const timer = setTimeout(() => {
      this.#remove(call, functionName)
      call.onHeldTooLong()
    }, hold.ms)
    this.#count += 1
    const line = this.#lines.get(functionName) ?? this.#open(functionName)
    line.calls.set(call, timer)
    return undefined
  }

  /** Frees the place of a call that waits no more; of one that does not, nothing. */
  leave(call: HeldCall, functionName: string): void {
    this.#remove(call, functionName)
  }

  /** Something has changed for the function: its calls try again, in order, until one must go on waiting. */
  changed(functionName: string): void {
    const line = this.#lines.get(functionName)
    if (!line) return
    for (const call of [...line.calls.keys()]) {
      // An earlier one may have ended this one too.
      if (!line.calls.has(call)) continue
      if (!call.mayGo()) return
      this.#remove(call, functionName)
      call.go()
    }
  }

  allChanged(): void {
    for (const functionName of [...this.#lines.keys()]) this.changed(functionName)
  }

  #open(functionName: string): Line {
    const { onWanted } = this.#options
    const wanting = setInterval(() => {
      onWanted(functionName)
      // A replica that refused may have been busy only.
      this.changed(functionName)
    }, WANT_EVERY_MS)
    const line = { calls: new Map(), wanting }
    this.#lines.set(functionName, line)
    onWanted(functionName)
    return line
  }

  #remove(call: HeldCall, functionName: string): void {
    const line = this.#lines.get(functionName)
    const timer = line?.calls.get(call)
    if (!line || !timer) return
    clearTimeout(timer)
    line.calls.delete(call)
    this.#count -= 1
    if (line.calls.size > 0) return
    clearInterval(line.wanting)
    this.#lines.delete(functionName)
  }
}
