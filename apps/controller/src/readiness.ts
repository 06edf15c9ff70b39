import type { Replica } from '@pushfn/engine/engine'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import { request } from 'undici'
import type { ControllerContext } from './context.ts'
import { pause } from './pause.ts'

/** A replica that was started either answers or has a reason. */
export type Readiness = { kind: 'ready' } | { kind: 'failed'; reason: string }

const PROBE_LIMIT_MS = 2_000
const SHORT_WAIT_MS = 3
const LONG_WAIT_MS = 100
/** So long the probes follow each other closely: most functions answer within it. */
const CLOSELY_MS = 2_000
const LOG_LINES = 20

/**
 * Asks a replica until it answers its health path. Ready is: 2xx; or 404 on the path that nobody configured, since an
 * image that knows nothing of the contract listens all the same. Ends at once when the replica dies, and at the limit
 * with what the last probe got and the replica's last lines.
 */
export const untilReady = async (
  context: ControllerContext,
  replica: Replica,
  spec: FunctionSpec,
  signal: AbortSignal,
): Promise<Readiness> => {
  const limitMs = context.config.readyLimitMs + spec.health.initialDelayMs
  const probing = new AbortController()
  const limited = AbortSignal.any([signal, probing.signal, AbortSignal.timeout(limitMs)])
  const died = context.replicas.death(replica.id, limited).then(
    () => 'died' as const,
    () => 'ended' as const,
  )
  try {
    const outcome = await Promise.race([died, hadDied(context, replica, limited), probe(replica, spec, limited)])
    if (outcome === 'ready') {
      context.replicas.prove(replica.id)
      return { kind: 'ready' }
    }
    signal.throwIfAborted()
    return { kind: 'failed', reason: await reasonOf(context, replica, outcome, limitMs) }
  } finally {
    probing.abort()
  }
}

/** A replica may end before anybody listens for it. */
const hadDied = async (context: ControllerContext, replica: Replica, signal: AbortSignal): Promise<'died'> => {
  const now = await context.engine.inspect(replica.id, signal).catch(() => replica)
  if (now?.state === 'running' || now?.state === 'starting') return new Promise(() => {})
  return 'died'
}

type Outcome = 'ready' | 'died' | 'ended' | { lastAnswer: string }

const probe = async (replica: Replica, spec: FunctionSpec, signal: AbortSignal): Promise<Outcome> => {
  const url = `http://${replica.address}${spec.health.path}`
  const startedAt = performance.now()
  let lastAnswer = 'nothing answers on port 8080: listen there, on 0.0.0.0'
  await pause(spec.health.initialDelayMs, signal)
  while (!signal.aborted) {
    try {
      const answer = await request(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]) })
      await answer.body.dump()
      const status = answer.statusCode
      if (status < 300 || (status === 404 && spec.health.path === '/_/health')) return 'ready'
      lastAnswer = `GET ${spec.health.path} answers ${status}: answer with 200, or name another path by the annotation com.openfaas.health.http.path`
    } catch (err) {
      if (err instanceof Error && err.name === 'TimeoutError') lastAnswer = `GET ${spec.health.path} does not answer`
    }
    await pause(performance.now() - startedAt < CLOSELY_MS ? SHORT_WAIT_MS : LONG_WAIT_MS, signal)
  }
  return { lastAnswer }
}

/** For the tenant: what happened, what to do, and what the function itself said last. */
const reasonOf = async (
  context: ControllerContext,
  replica: Replica,
  outcome: Outcome,
  limitMs: number,
): Promise<string> => {
  const now = await context.engine.inspect(replica.id).catch(() => undefined)
  const lines = await context.engine.logTail(replica.id, LOG_LINES).catch(() => [])
  const said = lines.length > 0 ? `; it said last:\n${lines.join('\n')}` : '; it said nothing'
  if (now?.exit?.isOutOfMemory) return `ran out of memory before it was ready: raise limits.memory${said}`
  if (now?.exit && now.state === 'stopped') {
    return `ended with exit code ${now.exit.code} before it was ready${said}`
  }
  const answer = typeof outcome === 'object' ? outcome.lastAnswer : 'it ended before it answered'
  return `did not get ready within ${limitMs / 1000} s (${answer})${said}`
}
