import { randomBytes } from 'node:crypto'
import { decrypt, encrypt, keyFor } from './aes-gcm.ts'
import type { Secret } from './secret.ts'

/** A value under a key of its own, which is wrapped in one of the cloud's: who changes the cloud's key touches no value. */
export interface Envelope {
  /** Which of the cloud's keys opens it. */
  keyId: string
  wrappedKey: Uint8Array<ArrayBuffer>
  sealed: Uint8Array<ArrayBuffer>
}

/** The cloud's keys: one wraps, all of them open. */
export interface Keyring {
  /** Of the one that wraps. */
  keyId: string
  /** Whose value it is stands in `about`: in the envelope of another it does not open. */
  seal(about: readonly string[], value: Uint8Array): Envelope
  /** Undefined when none of the keys opens it: it is gone, or the envelope is another's. */
  open(about: readonly string[], envelope: Envelope): Buffer | undefined
  /** The same in an envelope under the key that wraps; undefined as of `open`. */
  rewrap(about: readonly string[], envelope: Envelope): Envelope | undefined
}

const KEY_BYTES = 32

/** The first key wraps. */
export const openKeyring = ([newest, ...older]: readonly [Secret, ...Secret[]]): Keyring => {
  const wrapping = keyOf(newest)
  const keys = new Map([...older.map(keyOf), wrapping].map(({ id, key }) => [id, key]))
  const wrap = (about: Uint8Array, dataKey: Uint8Array) => ({
    keyId: wrapping.id,
    wrappedKey: new Uint8Array(encrypt(wrapping.key, dataKey, about)),
  })
  const unwrap = (about: Uint8Array, { keyId, wrappedKey }: Envelope) => {
    const key = keys.get(keyId)
    return key && decrypt(key, wrappedKey, about)
  }
  return {
    keyId: wrapping.id,
    seal: (about, value) => {
      const dataKey = randomBytes(KEY_BYTES)
      const whose = bytesOf(about)
      return { ...wrap(whose, dataKey), sealed: new Uint8Array(encrypt(dataKey, value, whose)) }
    },
    open: (about, envelope) => {
      const whose = bytesOf(about)
      const dataKey = unwrap(whose, envelope)
      return dataKey && decrypt(dataKey, envelope.sealed, whose)
    },
    rewrap: (about, envelope) => {
      const whose = bytesOf(about)
      const dataKey = unwrap(whose, envelope)
      return dataKey && { sealed: envelope.sealed, ...wrap(whose, dataKey) }
    },
  }
}

/** The id is made of the secret, so that nobody has to allot it, and tells nothing of it. */
const keyOf = (secret: Secret) => ({
  id: Buffer.from(keyFor(secret.reveal(), 'envelope id', 8)).toString('hex'),
  key: keyFor(secret.reveal(), 'envelope'),
})

/** As JSON, so that no two lists are one text. */
const bytesOf = (about: readonly string[]): Buffer => Buffer.from(JSON.stringify(about))
