import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16

/** Bytes of which nobody without the key reads or changes any, with what they are about, which is not in them. */
export const encrypt = (key: Uint8Array, bytes: Uint8Array, about: Uint8Array = new Uint8Array()): Buffer => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(about)
  return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

/** The bytes again; undefined for what was not encrypted by this key, about this. */
export const decrypt = (key: Uint8Array, sealed: Uint8Array, about: Uint8Array = new Uint8Array()) => {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(about).setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

/** The key that a secret makes for one purpose. */
export const keyFor = (secret: string, purpose: string, bytes = 32): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `pushfn ${purpose}`, bytes))
