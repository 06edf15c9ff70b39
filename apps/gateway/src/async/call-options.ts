import type { IncomingHttpHeaders } from 'node:http'
import { isCallId } from '@pushfn/model/async-call'
import { refusedLiteral } from './callback-target.ts'
import type { Networks } from './networks.ts'

/** What a caller asks of an async call, beside the request itself. */
export interface CallOptions {
  callbackUrl: string | null
  maxRetries: number
  delayMs: number
  idempotencyKey: string | undefined
  givenId: string | undefined
}

export interface CallBounds {
  maxRetries: number
  defaultRetries: number
  maxDelaySeconds: number
  /** Undefined where the cloud has nothing to sign callbacks with. */
  callbacks: { allowed: Networks } | undefined
}

const MAX_URL_LENGTH = 2_048
const MAX_KEY_LENGTH = 255

/** The caller's wishes, or in words what is wrong with them. A call id that is none is passed over, as in a sync call. */
export const callOptions = (headers: IncomingHttpHeaders, bounds: CallBounds): CallOptions | string => {
  const maxRetries = wholeNumber(headers['x-max-retries'], bounds.defaultRetries, bounds.maxRetries)
  if (maxRetries === undefined) return `X-Max-Retries must be a whole number from 0 to ${bounds.maxRetries}.`
  const delaySeconds = wholeNumber(headers['x-delay-seconds'], 0, bounds.maxDelaySeconds)
  if (delaySeconds === undefined) return `X-Delay-Seconds must be a whole number from 0 to ${bounds.maxDelaySeconds}.`
  const key = headers['idempotency-key']
  if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > MAX_KEY_LENGTH)) {
    return `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters.`
  }
  const callbackUrl = callbackOf(headers['x-callback-url'], bounds)
  if (callbackUrl !== null && typeof callbackUrl === 'object') return callbackUrl.problem
  const id = headers['x-call-id']
  return {
    callbackUrl,
    maxRetries,
    delayMs: delaySeconds * 1_000,
    idempotencyKey: key,
    givenId: typeof id === 'string' && isCallId(id) ? id : undefined,
  }
}

const wholeNumber = (text: string | string[] | undefined, fallback: number, most: number): number | undefined => {
  if (text === undefined) return fallback
  const value = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : undefined
  return value !== undefined && value <= most ? value : undefined
}

const callbackOf = (
  text: string | string[] | undefined,
  { callbacks }: CallBounds,
): string | null | { problem: string } => {
  if (text === undefined) return null
  if (!callbacks) {
    return {
      problem:
        'This cloud sends no callbacks: its operators have set no secret to sign them with. Ask for the call’s result by its id.',
    }
  }
  const url = typeof text === 'string' && text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return { problem: `X-Callback-Url must be one http or https URL of at most ${MAX_URL_LENGTH} characters.` }
  }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'X-Callback-Url must hold no user name and no password.' }
  }
  if (refusedLiteral(url.hostname, callbacks.allowed)) {
    return { problem: `X-Callback-Url names ${url.hostname}, which is no public address.` }
  }
  url.hash = ''
  return url.href
}
