import type Dockerode from 'dockerode'
import { z } from 'zod'
import type { EngineEvent } from '../engine.ts'
import { engineFailure } from './failure.ts'
import { identityOf, managedBy } from './names.ts'

const KINDS = { start: 'started', die: 'died', destroy: 'removed' } as const

const ContainerEvent = z.object({
  Action: z.enum(['start', 'die', 'destroy']),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
})

/**
 * Docker's events of this cloud's containers. `since` makes it say what happened between the call and the moment the
 * stream stands. Ends when dockerd does, or the signal; throws when dockerd does not answer in the first place.
 */
export async function* watchEvents(
  docker: Dockerode,
  cloud: string,
  sinceMs: number,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  try {
    for await (const line of lines(await open(docker, cloud, sinceMs, signal), signal)) {
      const event = eventFrom(cloud, line)
      if (event) yield event
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const open = async (docker: Dockerode, cloud: string, sinceMs: number, signal: AbortSignal) => {
  try {
    return await docker.getEvents({
      since: sinceMs / 1000,
      filters: { type: ['container'], event: ['start', 'die', 'destroy'], label: [managedBy(cloud)] },
      abortSignal: signal,
    })
  } catch (error) {
    throw engineFailure('listen to events', error, signal)
  }
}

/** Lines until the stream ends, in whatever way it does: a lost connection is the engine's end. */
async function* lines(stream: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of stream) {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
  } catch (error) {
    if (!isConnectionLoss(error) && !signal.aborted) throw error
  }
}

const isConnectionLoss = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')

const eventFrom = (cloud: string, line: string): EngineEvent | undefined => {
  const parsed = ContainerEvent.safeParse(jsonOf(line))
  if (!parsed.success) return undefined
  const { Action, Actor } = parsed.data
  const identity = identityOf(cloud, Actor.Attributes.name ?? '', Actor.Attributes)
  if (!identity) return undefined
  const { tenant, function: name, alias, revision } = identity
  return { kind: KINDS[Action], replicaId: Actor.ID, tenant, function: name, alias, revision }
}

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
