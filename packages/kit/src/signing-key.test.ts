import { verify } from 'node:crypto'
import { expect, it } from 'vitest'
import { Secret } from './secret.ts'
import { signedBytes, signingKeyOf, signStatement } from './signing-key.ts'

it('is made by the secret alone, shows no more than its public half, and signs what nobody changes', () => {
  const key = signingKeyOf(new Secret('a secret of the cloud'))
  expect(signingKeyOf(new Secret('a secret of the cloud')).publicKey).toBe(key.publicKey)
  expect(signingKeyOf(new Secret('another')).id).not.toBe(key.id)
  expect(JSON.stringify(key)).not.toContain('PRIVATE')

  const { payload, payloadType, signatures } = signStatement(key, { subject: 'ü' })
  expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toEqual({ subject: 'ü' })
  const sig = Buffer.from(signatures[0]?.sig ?? '', 'base64')
  const isGood = (bytes: Buffer) => verify(null, bytes, key.publicKey, sig)
  expect(isGood(signedBytes(payloadType, Buffer.from(payload, 'base64')))).toBe(true)
  expect(isGood(signedBytes(payloadType, Buffer.from('{"subject":"u"}')))).toBe(false)
  expect(isGood(Buffer.from(payload, 'base64'))).toBe(false)
})

// The example of the specification.
it('encodes what is signed as DSSE says', () => {
  expect(signedBytes('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  )
})
