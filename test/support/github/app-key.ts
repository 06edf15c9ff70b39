import { generateKeyPairSync } from 'node:crypto'

/** A GitHub App's key pair; the private key in PKCS#1, as GitHub hands it out. */
export const createAppKey = (): { privateKey: string; publicKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
