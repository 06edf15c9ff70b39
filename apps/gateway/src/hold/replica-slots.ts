/** Where slots are leased: undefined, or a rejection, when Redis cannot be asked now. */
export interface SlotOffice {
  /** Gateway processes that share. */
  readonly gateways: number
  askSlots(of: {
    replica: string
    want: number
    least: number
    limit: number
  }): Promise<{ held: number; waiting: number }> | undefined
}

export interface SlotsOf {
  replica: string
  /** Calls at the replica now, of this process. */
  inFlight: () => number
  /** Calls that wait for its function in this process. */
  waiting: () => number
  /** There is room: those who wait may try. */
  onRoom: () => void
}

/** While calls wait it is asked again so often, whatever is heard. */
const ASK_EVERY_MS = 250
/** What stands idle for so long is given back. */
const TIDY_MS = 500
/** Holds are said again before Redis forgets them. */
const RENEW_MS = 5_000

/**
 * This process' part of the calls that one replica may be given at once over all gateways. A slot that a call has left is
 * kept for the next one, so that a busy gateway that is alone asks Redis for nothing; it goes back when it stands idle, and
 * with the next call that ends when another gateway stands in line.
 */
export class ReplicaSlots {
  limit: number
  readonly #of: SlotsOf
  readonly #office: SlotOffice
  readonly #timer: NodeJS.Timeout
  #held = 0
  #peak = 0
  #isAsking = false
  #mustAskAgain = false
  #wasRung = false
  #areOthersWaiting = false
  #isClosed = false
  #isAbandoned = false
  #askedMs = 0

  constructor(of: SlotsOf, limit: number, office: SlotOffice) {
    this.#of = of
    this.#office = office
    this.limit = limit
    this.#timer = setInterval(() => this.#tidy(), TIDY_MS)
    this.#timer.unref()
  }

  /** Whether a call may go to the replica now. Not while an answer is awaited: it counts the calls of before. */
  get hasRoom(): boolean {
    return !this.#isAsking && this.#of.inFlight() < Math.min(this.#held, this.limit)
  }

  /** A call waits: asks for a slot unless there is one. */
  want(): void {
    if (!this.hasRoom) this.#ask()
    else this.#tellRoom()
  }

  entered(): void {
    this.#peak = Math.max(this.#peak, this.#of.inFlight())
  }

  /** A call has left the replica. */
  left(): void {
    if (this.#areOthersWaiting || this.#isClosed) this.#ask()
    else if (this.#of.waiting() > 0) this.#tellRoom()
  }

  /** Another gateway stands in line, or has given something back. */
  onBell(): void {
    // The answer that is on its way may be from before the bell: then nobody would tell of who stands in line.
    if (this.#isAsking) this.#wasRung = true
    else if (this.#held > 0 || this.#of.waiting() > 0) this.#ask()
  }

  /** No calls come any more; what is held goes back as its calls end. */
  close(): void {
    this.#isClosed = true
    this.#ask()
  }

  /** Another one keeps this replica's slots from now on. */
  abandon(): void {
    this.#isAbandoned = true
    clearInterval(this.#timer)
  }

  #tidy(): void {
    const inFlight = this.#of.inFlight()
    const needed = Math.max(this.#peak, inFlight)
    this.#peak = inFlight
    if (this.#isClosed && inFlight === 0) clearInterval(this.#timer)
    const sinceMs = performance.now() - this.#askedMs
    const isDue = this.#held > 0 && sinceMs > RENEW_MS
    const isWaitedFor = this.#of.waiting() > 0 && sinceMs > ASK_EVERY_MS
    if (needed < this.#held || isDue || isWaitedFor) this.#ask()
  }

  /** Says what is wanted and in use, and learns what is held. */
  #ask(): void {
    if (this.#isAbandoned) return
    if (this.#isAsking) {
      this.#mustAskAgain = true
      return
    }
    const least = this.#of.inFlight()
    const want = this.#isClosed ? least : Math.min(this.limit, least + this.#of.waiting())
    this.#askedMs = performance.now()
    const answer = this.#office.askSlots({
      replica: this.#of.replica,
      want: Math.max(want, least),
      least,
      limit: this.limit,
    })
    if (!answer) {
      this.#byShare()
      return
    }
    this.#isAsking = true
    answer.then(
      ({ held, waiting }) => this.#answered(held, waiting > 0),
      () => this.#byShare(),
    )
  }

  #answered(held: number, areOthersWaiting: boolean): void {
    this.#isAsking = false
    this.#held = held
    this.#areOthersWaiting = areOthersWaiting
    if (this.#wasRung) {
      this.#wasRung = false
      setImmediate(() => this.onBell())
    }
    if (this.#mustAskAgain) {
      this.#mustAskAgain = false
      // Only if a call that ended meanwhile has left something to give back, or one that came wants more.
      if (areOthersWaiting || this.#of.waiting() > 0) setImmediate(() => this.#askIfOff())
    }
    if (this.hasRoom) this.#tellRoom()
    else if (this.#of.waiting() > 0) setTimeout(() => this.#askIfOff(), ASK_EVERY_MS)
  }

  #askIfOff(): void {
    const inFlight = this.#of.inFlight()
    const isShort = this.#of.waiting() > 0 && inFlight >= Math.min(this.#held, this.limit) && this.#held < this.limit
    const isIdle = this.#areOthersWaiting && inFlight < this.#held
    if (!this.#isAsking && (isShort || isIdle)) this.#ask()
  }

  /** Nothing is known of what others hold. */
  #byShare(): void {
    this.#isAsking = false
    this.#mustAskAgain = false
    this.#wasRung = false
    this.#areOthersWaiting = false
    this.#held = Math.max(1, Math.floor(this.limit / this.#office.gateways))
    if (this.hasRoom) this.#tellRoom()
  }

  /** Later, when the call that has just ended has given its connection back. */
  #tellRoom(): void {
    if (this.#of.waiting() > 0) process.nextTick(this.#of.onRoom)
  }
}
