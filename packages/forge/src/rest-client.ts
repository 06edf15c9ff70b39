import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import { withDeadline } from './call.ts'
import type { Patience } from './patience.ts'

export interface RestCall<Answer = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** Under the API's URL, its parts encoded. */
  path: string
  body?: Readonly<Record<string, unknown>>
  /** What is read of the answer. */
  answer: z.ZodType<Answer>
  /** What is being done, for the error: `set the status of …`. */
  doing: string
  signal: AbortSignal | undefined
  /** False for what must not be done twice when an answer gets lost. */
  mayRepeat?: boolean
  /** Whether an answer beyond 2xx is what was wanted as well. */
  accepts?: (answer: RestAnswer) => boolean
}

/** For calls whose answer says nothing of interest. */
export const ANYTHING = z.unknown()

export interface RestAnswer {
  status: number
  headers: Headers
  /** Parsed JSON; undefined when there was none. */
  body: unknown
}

export type RestClient = <Answer>(call: RestCall<Answer>) => Promise<Answer>

export interface RestSettings {
  /** For errors: `GitLab`. */
  forge: string
  apiUrl: string
  headers: Readonly<Record<string, string>>
  patience: Patience
}

/**
 * A forge's JSON API with the manners that all of them ask for: 5xx, broken connections and time-outs are tried again,
 * a wait that the forge asks for is honoured when it is bearable, and there is an end to all of it. Redirects are not
 * followed: they would carry the token, or a POST that becomes a GET, to somewhere else.
 *
 * Throws FORGE_FAILED when trying again may help, FORBIDDEN, NOT_FOUND or BAD_REQUEST when it cannot; rejects with the
 * caller's own reason when the signal fires.
 */
export const createRestClient = (settings: RestSettings): RestClient => {
  const { patience } = settings

  const attempt = async (call: RestCall, signal: AbortSignal): Promise<RestAnswer> => {
    const response = await fetch(`${settings.apiUrl}${call.path}`, {
      method: call.method,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience.attemptMs)]),
      headers: { accept: 'application/json', 'user-agent': 'pushfn', ...settings.headers, ...contentType(call.body) },
      ...(call.body && { body: JSON.stringify(call.body) }),
    })
    return { status: response.status, headers: response.headers, body: parse(await response.text()) }
  }

  /** The answer, or how long to wait until the next try. */
  const attemptOrWait = async (
    call: RestCall,
    tries: { failed: number; limited: number },
    signal: AbortSignal,
  ): Promise<RestAnswer | number> => {
    const mayRepeat = call.mayRepeat ?? true
    try {
      const answer = await attempt(call, signal)
      if (answer.status < 300 || call.accepts?.(answer)) return answer
      if (isLimit(answer)) {
        // It was not done: asking again does nothing twice.
        const waitMs = limitMs(answer.headers)
        if (++tries.limited <= 2 && waitMs <= patience.maxWaitMs) return waitMs
        throw failure(settings.forge, call, answer)
      }
      if (isTemporary(answer.status) && mayRepeat && ++tries.failed <= patience.retries) {
        return tries.failed ** 2 * patience.retryBaseMs
      }
      throw failure(settings.forge, call, answer)
    } catch (error) {
      if (error instanceof AppError || signal.aborted) throw error
      if (mayRepeat && ++tries.failed <= patience.retries) return tries.failed ** 2 * patience.retryBaseMs
      throw unreachable(settings.forge, call, error)
    }
  }

  const answerTo = async (call: RestCall): Promise<RestAnswer> => {
    try {
      return await withDeadline(patience.callMs, call.signal, async (signal) => {
        for (const tries = { failed: 0, limited: 0 }; ; ) {
          const outcome = await attemptOrWait(call, tries, signal)
          if (typeof outcome !== 'number') return outcome
          await sleep(outcome, undefined, { signal })
        }
      })
    } catch (error) {
      call.signal?.throwIfAborted()
      throw error instanceof AppError ? error : unreachable(settings.forge, call, error)
    }
  }

  return async (call) => {
    const { status, body } = await answerTo(call)
    const read = call.answer.safeParse(body)
    if (read.success) return read.data
    const message = `${settings.forge} answered ${status} to ${call.doing} in a shape that is not known`
    throw new AppError('FORGE_FAILED', message, { cause: read.error, hint: awayHint(settings.forge) })
  }
}

const contentType = (body: RestCall['body']) => (body ? { 'content-type': 'application/json' } : {})

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isLimit = ({ status, headers }: RestAnswer): boolean =>
  status === 429 || (status === 503 && headers.has('retry-after'))

/** 409 is GitLab's word for “somebody else holds the lock”; 401 is the operators' to mend, and the report's to wait. */
const isTemporary = (status: number): boolean => status >= 500 || [401, 408, 409, 425, 429].includes(status)

/** `Retry-After` in seconds, else `RateLimit-Reset` (GitLab) as a time, else a second. Milliseconds. */
const limitMs = (headers: Headers): number => {
  const after = Number(headers.get('retry-after') ?? Number.NaN)
  if (Number.isFinite(after)) return Math.max(after, 0) * 1_000
  const reset = Number(headers.get('ratelimit-reset') ?? Number.NaN)
  return Number.isFinite(reset) ? Math.max(reset * 1_000 - Date.now(), 0) : 1_000
}

const failure = (forge: string, call: RestCall, answer: RestAnswer): AppError => {
  const said = JSON.stringify(answer.body ?? '').slice(0, 500)
  const message = `${forge} answered ${answer.status} to ${call.doing}: ${said}`
  if (isLimit(answer) || isTemporary(answer.status)) {
    return new AppError('FORGE_FAILED', message, { hint: awayHint(forge) })
  }
  const hint = `${forge} refused: see that the cloud’s account there may see the repository and report on it`
  return new AppError(permanentCode(answer.status), message, { hint })
}

const unreachable = (forge: string, call: RestCall, cause: unknown): AppError => {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new AppError('FORGE_FAILED', `${forge}: ${call.doing}: ${message}`, { cause, hint: awayHint(forge) })
}

const awayHint = (forge: string): string => `${forge} could not be reached, or asked to wait; the cloud tries again`

const permanentCode = (status: number) =>
  status === 403 ? 'FORBIDDEN' : status === 404 || status === 410 ? 'NOT_FOUND' : 'BAD_REQUEST'
