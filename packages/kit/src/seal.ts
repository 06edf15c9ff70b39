import { decrypt, encrypt, keyFor } from './aes-gcm.ts'

/**
 * Seals a text under the cloud's secret (AES-256-GCM): without it nobody reads or changes it, and what was sealed for one
 * purpose does not open for another.
 */
export const seal = (secret: string, purpose: string, text: string): Buffer =>
  encrypt(keyFor(secret, purpose), Buffer.from(text))

/** The text; undefined for what was not sealed under this secret for this purpose. */
export const unseal = (secret: string, purpose: string, sealed: Uint8Array): string | undefined =>
  decrypt(keyFor(secret, purpose), sealed)?.toString('utf8')
