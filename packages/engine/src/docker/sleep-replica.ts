import type Dockerode from 'dockerode'
import type { Replica } from '../engine.ts'
import { accepting, engineFailure, reasonOf, within } from './failure.ts'
import { ownContainer } from './own-container.ts'
import { replicaFromInspect } from './replica.ts'

const LIMIT_MS = 30_000
const GONE = 404
const NOT_MODIFIED = 304

export interface SleepContext {
  docker: Dockerode
  cloud: string
}

/** Docker's freezer: the processes keep their memory and are not scheduled. */
export const pauseReplica = (context: SleepContext, replicaId: string, signal?: AbortSignal) =>
  change(context, { replicaId, doing: 'pause', limitMs: LIMIT_MS, signal }, async (container, state, abortSignal) => {
    if (state === 'running') await unlessSettled(container.pause({ abortSignal }))
  })

export const resumeReplica = (context: SleepContext, replicaId: string, signal?: AbortSignal) =>
  change(context, { replicaId, doing: 'resume', limitMs: LIMIT_MS, signal }, async (container, state, abortSignal) => {
    if (state === 'paused') await unlessSettled(container.unpause({ abortSignal }))
  })

/** A frozen program hears no SIGTERM, so it is let go on first. Docker counts the grace in whole seconds: rounded up. */
export const stopReplica = (context: SleepContext, replicaId: string, graceMs: number, signal?: AbortSignal) =>
  change(
    context,
    { replicaId, doing: 'stop', limitMs: graceMs + LIMIT_MS, signal },
    async (container, state, abortSignal) => {
      if (state === 'paused') await unlessSettled(container.unpause({ abortSignal }))
      const t = Math.ceil(graceMs / 1000)
      if (state !== 'stopped') await accepting([NOT_MODIFIED, GONE], container.stop({ t, abortSignal }))
    },
  )

/**
 * Somebody else may have been faster. Docker has no status of its own for that: 409 or 500, by version and by what the
 * container is; its words are the same.
 */
const unlessSettled = async (call: Promise<unknown>): Promise<void> => {
  try {
    await accepting([GONE], call)
  } catch (error) {
    if (!/is already paused|is not paused|is not running/i.test(reasonOf(error))) throw error
  }
}

/** Does something to a replica of this cloud, and returns it as it is afterwards. */
const change = async (
  { docker, cloud }: SleepContext,
  about: { replicaId: string; doing: string; limitMs: number; signal: AbortSignal | undefined },
  work: (container: Dockerode.Container, state: Replica['state'], abortSignal: AbortSignal) => Promise<void>,
): Promise<Replica | undefined> => {
  const limit = within(about.limitMs, about.signal)
  try {
    const before = await ownContainer(docker, cloud, about.replicaId, limit)
    const replica = before && replicaFromInspect(cloud, before)
    if (!before || !replica) return undefined
    await work(docker.getContainer(before.Id), replica.state, limit)
    const after = await ownContainer(docker, cloud, before.Id, limit)
    return after && replicaFromInspect(cloud, after)
  } catch (error) {
    throw engineFailure(`${about.doing} replica ${about.replicaId}`, error, about.signal)
  }
}
