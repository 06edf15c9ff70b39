import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AsyncCall } from '@pushfn/model/async-call'
import { AppError } from '@pushfn/model/errors'
import type { Redis } from '../redis.ts'
import type { CallBells } from './call-bells.ts'
import { callKeys, jobIdOf, laneName } from './call-keys.ts'
import type { CallQueues } from './call-queues.ts'

/** What storing calls needs; one for a process. */
export interface CallStore {
  redis: Redis
  cloud: string
  queues: CallQueues
  bells: CallBells
  /** Bytes that one tenant's calls may have in queues together. */
  maxTenantBytes: number
  /** What each tenant's calls had when it was last heard. */
  knownBytes: Map<string, number>
}

export interface NewCall {
  call: Omit<AsyncCall, 'bytes' | 'claim' | 'acceptedAt'>
  /** The id that the caller chose. */
  givenId?: string | undefined
  /** Calls under one key within a day are one call. */
  idempotencyKey?: string | undefined
  maxRetries: number
  delayMs: number
}

export type StoredCall =
  | { kind: 'stored'; id: string; isRepeated: boolean }
  /** The key stands for another request. */
  | { kind: 'conflict' }
  /** The tenant's share of the queue is full. */
  | { kind: 'full' }

const DAY_SECONDS = 86_400
const LIMIT_MS = 3_000
const STORING_LIMIT_MS = 1_000

/**
 * Stores a call so that it is run: once it resolves, the call outlives this process. Throws STORE_FAILED when Redis does
 * not answer; then it may have been stored all the same.
 */
export const storeCall = async (store: CallStore, asked: NewCall): Promise<StoredCall> => {
  // A queue that was never opened would wait for Redis to come back.
  if (store.redis.status !== 'ready') throw away(new Error(`redis is ${store.redis.status}`))
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(away(new Error(`no answer in ${LIMIT_MS} ms`))), LIMIT_MS)
  try {
    return await Promise.race([storeNow(store, asked), limit.promise])
  } catch (err) {
    throw err instanceof AppError ? err : away(err)
  } finally {
    clearTimeout(timer)
  }
}

const away = (cause: unknown): AppError =>
  new AppError('STORE_FAILED', 'the call could not be stored', {
    cause,
    hint: 'The call was not accepted: the queue does not answer. Try again in a moment.',
  })

const storeNow = async (store: CallStore, asked: NewCall): Promise<StoredCall> => {
  if (await isFull(store, asked.call.tenant)) return { kind: 'full' }
  if (asked.idempotencyKey !== undefined) return storeOnce(store, asked, asked.idempotencyKey)
  const id = asked.givenId === undefined ? undefined : await claimId(store, asked, asked.givenId)
  return add(store, asked, id ?? randomUUID(), null)
}

/** By what was heard last, so that it costs nothing; a tenant may go over by what is on its way at that moment. */
const isFull = async ({ redis, cloud, knownBytes, maxTenantBytes }: CallStore, tenant: string): Promise<boolean> => {
  if ((knownBytes.get(tenant) ?? 0) < maxTenantBytes) return false
  const bytes = Number((await redis.hget(callKeys(cloud).bytes, tenant)) ?? 0)
  knownBytes.set(tenant, bytes)
  return bytes >= maxTenantBytes
}

/** The id when nobody has used it, else undefined: a call must not disappear behind another. */
const claimId = async (store: CallStore, { call }: NewCall, id: string): Promise<string | undefined> => {
  const lane = laneName({ ...call, kind: 'calls' })
  const keys = callKeys(store.cloud)
  const [isNew, isQueued] = await Promise.all([
    store.redis.set(keys.given(lane, id), 1, 'EX', DAY_SECONDS, 'NX'),
    store.redis.exists(store.queues.of(lane).toKey(jobIdOf(id))),
  ])
  return isNew === 'OK' && isQueued === 0 ? id : undefined
}

interface Claim {
  id: string
  fingerprint: string
  isStored: boolean
}

/**
 * The key is claimed before the call is stored, and marked after it (by whoever ran the call too): a claim that stays
 * without the mark is one of a process that died in between, and its call is stored again under the same id, which changes
 * nothing where it is there already.
 */
const storeOnce = async (store: CallStore, asked: NewCall, key: string): Promise<StoredCall> => {
  const { redis } = store
  const lane = laneName({ ...asked.call, kind: 'calls' })
  const claimKey = callKeys(store.cloud).claim(lane, createHash('sha256').update(key).digest('base64url'))
  const fingerprint = fingerprintOf(asked.call)
  const givenId = asked.givenId === undefined ? undefined : await claimId(store, asked, asked.givenId)
  const mine: Claim = { id: givenId ?? randomUUID(), fingerprint, isStored: false }
  const isMine = await redis.set(claimKey, JSON.stringify(mine), 'EX', DAY_SECONDS, 'NX')
  const theirs = isMine === 'OK' ? undefined : await untilStored(redis, claimKey)
  const claim = theirs ?? mine
  if (claim.fingerprint !== fingerprint) return { kind: 'conflict' }
  if (claim.isStored) return { kind: 'stored', id: claim.id, isRepeated: true }
  const stored = await add(store, asked, claim.id, claimKey)
  await markStored(redis, claimKey, claim.id, fingerprint)
  return { ...stored, isRepeated: theirs !== undefined }
}

/**
 * Another's claim, once its call is stored, or after a second as it is. Who stored at once what another is just storing could
 * do so after that call was run and is gone from the queue, and it would run twice.
 */
const untilStored = async (redis: Redis, claimKey: string): Promise<Claim | undefined> => {
  const until = performance.now() + STORING_LIMIT_MS
  for (;;) {
    const text = await redis.get(claimKey)
    // Written by this file alone.
    const claim = text === null ? undefined : (JSON.parse(text) as Claim)
    if (!claim || claim.isStored || performance.now() > until) return claim
    await sleep(10)
  }
}

/** Says that the key's call was stored, for as long as the key is remembered. */
export const markStored = async (redis: Redis, claimKey: string, id: string, fingerprint: string): Promise<void> => {
  const claim: Claim = { id, fingerprint, isStored: true }
  await redis.set(claimKey, JSON.stringify(claim), 'KEEPTTL', 'XX')
}

export const fingerprintOf = ({ method, path, body }: Pick<AsyncCall, 'method' | 'path' | 'body'>): string =>
  createHash('sha256')
    .update(JSON.stringify([method, path, body]))
    .digest('base64url')

const add = async (
  store: CallStore,
  { call, maxRetries, delayMs }: NewCall,
  id: string,
  claim: string | null,
): Promise<StoredCall & { kind: 'stored' }> => {
  const { redis, cloud, queues, bells, knownBytes } = store
  const lane = laneName({ ...call, kind: 'calls' })
  const bytes = bytesOf(call)
  const data: AsyncCall = { ...call, acceptedAt: Date.now(), claim, bytes }
  const [, tenantBytes] = await Promise.all([
    queues.of(lane).add('call', data, {
      jobId: jobIdOf(id),
      attempts: maxRetries + 1,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      ...(delayMs > 0 && { delay: delayMs }),
    }),
    redis.hincrby(callKeys(cloud).bytes, call.tenant, bytes),
  ])
  knownBytes.set(call.tenant, tenantBytes)
  await bells.ring(lane)
  return { kind: 'stored', id, isRepeated: false }
}

/** Roughly what the call takes in Redis: its own bytes and those of the job around it. */
const bytesOf = ({ path, headers, body }: Pick<AsyncCall, 'path' | 'headers' | 'body'>): number => {
  let bytes = 512 + path.length + (body?.text.length ?? 0)
  for (const text of headers) bytes += text.length
  return bytes
}
