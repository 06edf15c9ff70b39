import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type PublishedKeys, publishedKeys } from './published.ts'

/** What gateways know of API tokens: no token, only its hash, and whose it is until when. */
export const PublishedToken = z.object({
  tenant: z.string(),
  /** Milliseconds since 1970; null: it does not expire. */
  expiresAt: z.number().nullable(),
})
export type PublishedToken = z.infer<typeof PublishedToken>

export const tokenKeys = (cloud: string): PublishedKeys => publishedKeys(cloud, 'tokens')

/**
 * The hash that a token is kept and looked up by. Tokens are random, so a plain SHA-256 can neither be guessed nor turned
 * back, and how long a look-up of it takes tells nothing of the token.
 */
export const tokenHash = (token: string): Buffer<ArrayBuffer> => createHash('sha256').update(token).digest()

/** The hash as the published table has it. */
export const tokenKey = (hash: Uint8Array): string => Buffer.from(hash).toString('base64url')
