import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { type DsseEnvelope, STATEMENT_TYPE } from '@pushfn/model/provenance'
import type { Secret } from './secret.ts'

/** What the cloud signs with: Ed25519. */
export interface SigningKey {
  /** SHA-256 of the public key's SubjectPublicKeyInfo, in hex. */
  id: string
  /** PEM. */
  publicKey: string
  privateKey: KeyObject
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key that the cloud's secret makes: the same in every process, and kept nowhere. Another secret, another key. */
export const signingKeyOf = (secret: Secret): SigningKey => {
  const seed = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'pushfn signing key', 32))
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  return {
    id: createHash('sha256').update(spki).digest('hex'),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKey,
  }
}

/** Puts an in-toto statement into a signed envelope. https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
export const signStatement = (key: SigningKey, statement: object): DsseEnvelope => {
  const payload = Buffer.from(JSON.stringify(statement))
  return {
    payloadType: STATEMENT_TYPE,
    payload: payload.toString('base64'),
    signatures: [
      { keyid: key.id, sig: sign(null, signedBytes(STATEMENT_TYPE, payload), key.privateKey).toString('base64') },
    ],
  }
}

/** DSSE's “pre-authentication encoding”: type and payload, each with its length, so that neither passes for the other. */
export const signedBytes = (type: string, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload])
