import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { ConfigurationError } from '@pushfn/kit/configuration'
import type { Log } from '@pushfn/kit/log'
import { CallTotals } from './join-states.ts'
import type { ToPrimary, ToWorker, WorkerState } from './messages.ts'
import { restartDelayMs, WELL_AFTER_MS } from './restart-delay.ts'

const ANSWER_TIMEOUT_MS = 1_500

export interface WorkerPoolOptions {
  processes: number
  /** 0: any free one. */
  port: number
  /** The socket on which workers take the primary's own calls. */
  internalPath: string
  log: Log
}

/**
 * The workers that serve, as many as there are to be: one that dies has a successor, with growing delay where several
 * die young. They share one listening socket: the kernel gives a connection to whoever is free to take it. Node's round
 * robin through the primary spreads more evenly, but what is on its way to a worker that dies then hangs for ever.
 */
export class WorkerPool {
  /** Since the start. */
  restarts = 0
  /** What workers that are gone had counted when last heard: a sum that fell would look like a restart to Prometheus. */
  readonly gone = new CallTotals()
  readonly #options: WorkerPoolOptions
  readonly #workers = new Set<Worker>()
  readonly #asked = new Map<number, (worker: Worker, state: WorkerState) => void>()
  /** What workers are told to listen on. */
  #asksFor: number
  /** What they then listen on. */
  #port: number
  #youngDeaths = 0
  #question = 0
  #isStopping = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#asksFor = options.port
    this.#port = options.port
  }

  get port(): number {
    return this.#port
  }

  get processes(): number {
    return this.#options.processes
  }

  /** Starts all and resolves when all listen. Throws what the first that could not has said. */
  async start(): Promise<void> {
    cluster.schedulingPolicy = cluster.SCHED_NONE
    // Structured clones instead of JSON: the numbers travel as they are.
    cluster.setupPrimary({ serialization: 'advanced' })
    await this.#firstListens(this.#fork())
    const others = Array.from({ length: this.#options.processes - 1 }, () => this.#fork())
    await Promise.all(others.map((worker) => this.#firstListens(worker)))
    for (const worker of this.#workers) this.#succeed(worker)
  }

  /** How the workers are, as many as say so in time. */
  async states(): Promise<WorkerState[]> {
    const workers = [...this.#workers].filter((worker) => worker.isConnected())
    const id = ++this.#question
    const states = new Map<Worker, WorkerState>()
    const all = Promise.withResolvers<void>()
    this.#asked.set(id, (worker, state) => {
      states.set(worker, state)
      if (states.size === workers.length) all.resolve()
    })
    const timer = setTimeout(all.resolve, ANSWER_TIMEOUT_MS)
    for (const worker of workers) tell(worker, { kind: 'ask', id })
    if (workers.length > 0) await all.promise
    clearTimeout(timer)
    this.#asked.delete(id)
    return [...states.values()]
  }

  /** Asks all to stop, and resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(
      [...this.#workers].map(async (worker) => {
        const gone = once(worker, 'exit')
        tell(worker, { kind: 'stop' })
        await gone
      }),
    )
  }

  #fork(): Worker {
    // Workers share a listening socket by the port they ask for, be it 0; when none is left that one is closed.
    if (this.#workers.size === 0) this.#asksFor = this.#port
    const worker = cluster.fork()
    let last: WorkerState | undefined
    this.#workers.add(worker)
    worker.on('message', (message: ToPrimary) => {
      if (message.kind === 'listening') this.#port = message.port
      if (message.kind !== 'told') return
      last = message.state
      this.#asked.get(message.id)?.(worker, message.state)
    })
    worker.on('exit', () => {
      this.#workers.delete(worker)
      this.gone.add((last?.calls ?? []).map((calls) => ({ ...calls, inFlight: 0, held: 0 })))
    })
    // A worker that is gone is told nothing more; its exit says the rest.
    worker.on('error', (err) => this.#options.log.warn({ err, worker: worker.id }, 'a worker cannot be reached'))
    tell(worker, { kind: 'start', port: this.#asksFor, internalPath: this.#options.internalPath })
    return worker
  }

  #firstListens(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: ToPrimary) => {
        if (message.kind === 'listening') resolve()
        if (message.kind === 'failed') reject(errorOf(message))
      })
      worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it listened`)))
    })
  }

  /** Watches a worker so that it has a successor. */
  #succeed(worker: Worker): void {
    const startedMs = performance.now()
    worker.once('exit', (code, signal) => {
      if (this.#isStopping) return
      this.#youngDeaths = performance.now() - startedMs < WELL_AFTER_MS ? this.#youngDeaths + 1 : 1
      const delayMs = restartDelayMs(this.#youngDeaths)
      this.#options.log.error({ worker: worker.id, code, signal, delayMs }, 'a worker died; another takes its place')
      setTimeout(() => {
        if (this.#isStopping) return
        this.restarts += 1
        this.#succeed(this.#fork())
      }, delayMs)
    })
  }
}

const tell = (worker: Worker, message: ToWorker): void => {
  if (worker.isConnected()) worker.send(message)
}

const errorOf = ({ message, isConfiguration }: { message: string; isConfiguration: boolean }): Error =>
  isConfiguration ? new ConfigurationError(message) : new Error(message)
