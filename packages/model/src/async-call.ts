import { z } from 'zod'
import { ScheduleSpec } from './function-spec.ts'

/**
 * An async call is a request that was stored before its caller was answered, and is sent to its function later, again
 * when it fails. These are the shapes that gateways write, and api and controller read.
 */

/** Bytes as JSON can hold them: text where they are valid UTF-8, base64 where they are not. */
export const StoredBody = z.object({ encoding: z.enum(['utf8', 'base64']), text: z.string() })
export type StoredBody = z.infer<typeof StoredBody>

export const AsyncCall = z.object({
  tenant: z.string(),
  function: z.string(),
  /** The first label of the host, where it is not to `live`. */
  hostLabel: z.string().optional(),
  /** As the caller sent it: the call is sent to the function under the same host. */
  host: z.string(),
  method: z.string(),
  /** What the function sees: path and query. */
  path: z.string(),
  /** Names and values in turn, as the function may see them; without those that the gateway says itself. */
  headers: z.array(z.string()),
  body: StoredBody.nullable(),
  /** When it was accepted, in ms since 1970. */
  acceptedAt: z.number(),
  callbackUrl: z.string().nullable(),
  /** The idempotency key's place in Redis, where there is one. */
  claim: z.string().nullable(),
  /** The schedule's tick that it is, in ms since 1970. */
  tick: z.number().nullable(),
  /** Bytes that it is counted with against its tenant's share of the queue. */
  bytes: z.number(),
})
export type AsyncCall = z.infer<typeof AsyncCall>

/** An answer of the function, or the gateway's in its place. */
export const CallResult = z.object({
  status: z.number().int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: StoredBody,
  /** Whether the body was longer than what is kept. */
  isCut: z.boolean(),
})
export type CallResult = z.infer<typeof CallResult>

/**
 * `waiting`: for its turn; `delayed`: until `nextTryAt`; `running`: sent to the function; `done`: it answered below 400;
 * `failed`: it answered with 400 or more, and that is its answer; `dead`: no try brought an answer.
 */
export const CallState = z.enum(['waiting', 'delayed', 'running', 'done', 'failed', 'dead'])
export type CallState = z.infer<typeof CallState>

/** What is told of a call by its id. Times are ISO 8601 in UTC. */
export const CallView = z.object({
  id: z.string(),
  function: z.string(),
  state: CallState,
  /** Tries that have begun. */
  tries: z.number().int(),
  acceptedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  nextTryAt: z.string().nullable(),
  /** Why the last try brought no answer. */
  problem: z.string().nullable(),
  result: CallResult.nullable(),
})
export type CallView = z.infer<typeof CallView>

/** A call that no try brought an answer for; kept with its request, so that it can be sent again. */
export const DeadLetter = z.object({
  id: z.string(),
  method: z.string(),
  path: z.string(),
  bodyBytes: z.number(),
  tries: z.number().int(),
  problem: z.string(),
  acceptedAt: z.string(),
  diedAt: z.string(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

export const DeadLetterList = z.object({ items: z.array(DeadLetter) })
export type DeadLetterList = z.infer<typeof DeadLetterList>

/** A dead call that is run again, under the id it had. */
export const ReplayedCall = z.object({ id: z.string() })
export type ReplayedCall = z.infer<typeof ReplayedCall>

/** The key by which a tenant checks who sent a callback. */
export const CallbackKey = z.object({ key: z.string() })
export type CallbackKey = z.infer<typeof CallbackKey>

/** A function's schedule as its tenant sees it. */
export const ScheduleView = ScheduleSpec.extend({
  lastRunAt: z.string().nullable(),
  /** The status that the last run ended with; null while none has, and when no try brought an answer. */
  lastStatus: z.number().nullable(),
  nextRunAt: z.string().nullable(),
})
export type ScheduleView = z.infer<typeof ScheduleView>

const CALL_ID = /^[A-Za-z0-9_.-]{1,64}$/

export const CallId = z.string().regex(CALL_ID)

/** Whether a caller may choose this id for its call. */
export const isCallId = (text: string): boolean => CALL_ID.test(text)
