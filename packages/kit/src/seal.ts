import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals a text under the cloud's secret (AES-256-GCM): without it nobody reads or changes it, and what was sealed for one
 * purpose does not open for another.
 */
export const seal = (secret: string, purpose: string, text: string): Buffer => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, purpose), iv)
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** The text; undefined for what was not sealed under this secret for this purpose. */
export const unseal = (secret: string, purpose: string, sealed: Uint8Array): string | undefined => {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined
  const key = keyOf(secret, purpose)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const keyOf = (secret: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `pushfn ${purpose}`, 32))
