import { type LaneOf, laneOf } from '@pushfn/store/calls/call-keys'
import { type Fetched, type Lane, type LaneOptions, openLane, type TakenJob } from '@pushfn/store/calls/call-lane'
import type { Taker } from './turns.ts'

/** Ends a job by what came of it, and fetches the lane's next in the same step when that is wanted. */
export type Settle<Data> = (lane: Lane<Data>, isNextWanted: boolean) => Promise<Fetched<Data>>

/** Does a job's work and says how the job is to be ended. Never throws. */
export type Work = (job: TakenJob<unknown>) => Promise<Settle<unknown>>

/** What is known of an open lane, and what it has under way. */
export class LaneRun implements Taker, AsyncDisposable {
  readonly name: string
  readonly of: LaneOf
  readonly queue: Lane<unknown>
  readonly work: Work
  readonly jobs = new Set<TakenJob<unknown>>()
  /** Places that it has: jobs under way, and one more while it fetches. */
  places = 0
  /** Places that it may have. */
  capacity = 1
  isFetching = false
  usedAt = performance.now()
  /** Bells heard: what was rung for during a fetch that found nothing is looked for again. */
  #bells = 1
  #emptyAtBell = 0
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0

  constructor(options: LaneOptions, of: LaneOf, work: Work) {
    this.name = options.lane
    this.of = of
    this.work = work
    this.queue = openLane(options)
  }

  get tenant(): string {
    return this.of.tenant
  }

  get bells(): number {
    return this.#bells
  }

  isReady(): boolean {
    return !this.isFetching && this.places < this.capacity && this.#bells > this.#emptyAtBell
  }

  /** Whether nothing is under way and nothing is known to wait. */
  isIdle(): boolean {
    return this.places === 0 && this.#bells <= this.#emptyAtBell
  }

  ring(): void {
    this.usedAt = performance.now()
    this.#bells += 1
  }

  /** A fetch that began at this bell found nothing. */
  empty(bell: number): void {
    this.#emptyAtBell = Math.max(this.#emptyAtBell, bell)
  }

  /** A delayed job is due then (ms since 1970; 0 for none): the lane is woken for the earliest of them. */
  due(at: number, wake: () => void): void {
    if (at === 0 || (this.#dueAt !== 0 && this.#dueAt <= at)) return
    clearTimeout(this.#timer)
    this.#dueAt = at
    const ring = () => {
      this.#dueAt = 0
      wake()
    }
    this.#timer = setTimeout(ring, Math.min(MOST_TIMER_MS, Math.max(1, at - Date.now())))
    this.#timer.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    await this.queue[Symbol.asyncDispose]()
  }
}

/** Longer ones than this overflow; the sweep finds what is due later. */
const MOST_TIMER_MS = 60_000

/** Undefined for what is no lane's name. */
export const openLaneRun = (options: LaneOptions, workOf: (of: LaneOf) => Work): LaneRun | undefined => {
  const of = laneOf(options.lane)
  return of && new LaneRun(options, of, workOf(of))
}
