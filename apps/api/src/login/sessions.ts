import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import type { ApiContext } from '../context.ts'

/**
 * Sessions of the console. The browser holds a random id, Redis holds whom it stands for, sealed under that id, at the id's
 * hash: whoever reads Redis learns neither. Because that is looked up anew for every request, a session ends at once when its
 * token is revoked, its tenant suspended, or its person has signed out everywhere.
 */
export const SESSION_SECONDS = 43_200

/** An API token of a tenant, or a person's id with the time of the login. */
const Session = z.union([z.object({ token: z.string() }), z.object({ person: z.string(), since: z.iso.datetime() })])
export type Session = z.infer<typeof Session>

const IV_BYTES = 12
const TAG_BYTES = 16

/** Opens a session and returns its id, which nobody else ever sees. */
export const openSession = async (context: ApiContext, session: Session): Promise<string> => {
  const id = randomBytes(32).toString('base64url')
  await orUnavailable(
    context.bus.redis.set(keyOf(context, id), seal(id, JSON.stringify(session)), 'EX', SESSION_SECONDS),
  )
  return id
}

/** Whom a session stands for; undefined when there is no such session (any more). */
export const sessionOf = async (context: ApiContext, id: string): Promise<Session | undefined> => {
  const sealed = await orUnavailable(context.bus.redis.getBuffer(keyOf(context, id)))
  const text = sealed ? unseal(id, sealed) : undefined
  return text === undefined ? undefined : Session.parse(JSON.parse(text))
}

/** Ends a session. Ending one that is not there does nothing. */
export const closeSession = async (context: ApiContext, id: string): Promise<void> => {
  await orUnavailable(context.bus.redis.del(keyOf(context, id)))
}

const keyOf = (context: ApiContext, id: string): string =>
  `${context.config.cloud}:session:${createHash('sha256').update(id).digest('base64url')}`

const sealingKey = (id: string): Uint8Array => new Uint8Array(hkdfSync('sha256', id, '', 'pushfn session', 32))

const seal = (id: string, text: string): Buffer => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(id), iv)
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Undefined for what was not sealed under this id. */
const unseal = (id: string, sealed: Buffer): string | undefined => {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(id), sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const orUnavailable = async <Value>(answer: Promise<Value>): Promise<Value> => {
  try {
    return await answer
  } catch (cause) {
    throw new AppError('STORE_FAILED', 'sessions cannot be reached', {
      hint: 'signing in does not work for the moment; try again soon',
      cause,
    })
  }
}
