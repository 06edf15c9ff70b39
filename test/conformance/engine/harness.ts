import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine, EngineEvent, Replica } from '@pushfn/engine/engine'
import { answers } from './probe.ts'
import { aWorkload, type Wanted } from './workload.ts'

/** A driver with what the suite needs around it. */
export interface EngineUnderTest {
  engine: Engine
  /** Another cloud's, on the same machine. */
  neighbour: Engine
  /** An image whose command runs `RUNNER` under Node as user 10001 and that has python3, named so that it cannot move. */
  image: string
  /** One that bears the label of an image that a cloud built, gone with the rest at the end. */
  imageOfCloud(whose: 'ours' | 'the neighbour’s'): Promise<string>
  /** An image without a command. */
  brokenImage: string
  /** Ends a replica's program from outside, as a crash would. */
  crash(replicaId: string): Promise<void>
  /** Starts a probe server that no cloud made; its id and its IP. */
  startForeign(): Promise<{ id: string; ip: string }>
  isForeignRunning(id: string): Promise<boolean>
  /** Takes away everything both clouds made and whatever else the suite was given. */
  dispose(): Promise<void>
}

/** What the tests say in one word. Every replica is the main cloud's unless it says otherwise. */
export interface Harness extends EngineUnderTest {
  started(wanted?: Wanted, ordinal?: number): Promise<Replica>
  /** Started, and answering. */
  serving(wanted?: Wanted, ordinal?: number): Promise<{ replica: Replica; address: string }>
  neighbourServing(wanted?: Wanted): Promise<{ replica: Replica; address: string }>
  /** The replica once it has stopped. */
  stopped(replicaId: string): Promise<Replica>
  /** Waits until the replica wrote the line. */
  said(replicaId: string, line: string): Promise<void>
  removeReplicas(): Promise<void>
}

export const harnessOf = (given: EngineUnderTest): Harness => {
  const { engine, neighbour, image } = given
  const start = (on: Engine, wanted: Wanted, ordinal: number) => on.start(aWorkload({ image, ...wanted }), ordinal)
  const served = async (replica: Replica) => {
    const address = addressOf(replica)
    await answers(address)
    return { replica, address }
  }
  return {
    ...given,
    started: (wanted = {}, ordinal = 0) => start(engine, wanted, ordinal),
    serving: async (wanted = {}, ordinal = 0) => served(await start(engine, wanted, ordinal)),
    neighbourServing: async (wanted = {}) => served(await start(neighbour, wanted, 0)),
    stopped: (replicaId) =>
      until(async () => {
        const replica = await engine.inspect(replicaId)
        return replica?.state === 'stopped' ? replica : undefined
      }),
    said: async (replicaId, line) => {
      await until(async () => ((await engine.logTail(replicaId, 100)).includes(line) ? true : undefined))
    },
    removeReplicas: async () => {
      for (const on of [engine, neighbour]) await Promise.all((await on.list()).map(({ id }) => on.remove(id, 0)))
    },
  }
}

/** Asks until there is an answer, for 15 s. */
export const until = async <T>(ask: () => Promise<T | undefined>): Promise<T> => {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(20)) {
    const answer = await ask()
    if (answer !== undefined) return answer
  }
  throw new Error('what the test waits for did not happen in 15 s')
}

/** Watches in the background; `stop` ends it and throws what the watching threw. */
export const watching = (engine: Engine) => {
  const seen: EngineEvent[] = []
  const ending = new AbortController()
  const events = engine.watch(ending.signal)
  const done = (async () => {
    for await (const event of events) seen.push(event)
  })()
  return {
    seen,
    /** Settles when the watching ends. */
    done,
    stop: () => {
      ending.abort()
      return done
    },
  }
}

export const addressOf = (replica: Replica): string => {
  if (replica.address === undefined) throw new Error(`replica ${replica.id} has no address: ${replica.state}`)
  return replica.address
}

export const hostOf = (address: string): string => address.split(':')[0] ?? ''
