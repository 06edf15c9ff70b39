import { parseSealedSecrets } from '@pushfn/model/parse-sealed-secrets'
import sodium from 'libsodium-wrappers'
import { expect, test } from 'vitest'
import { sealedBox } from './sealed-box.ts'
import { withBox } from './with-box.ts'

const PLACE = { tenant: 'acme', function: 'orders', name: 'db-password' }

test('a box has the value and its place inside, and opens by the private key alone', async () => {
  await sodium.ready
  const key = sodium.crypto_box_keypair()
  const value = Buffer.from([0, 255, 10, 13, 128])
  const box = await sealedBox(Buffer.from(key.publicKey).toString('base64'), PLACE, value)
  const opened = sodium.crypto_box_seal_open(Buffer.from(box, 'base64'), key.publicKey, key.privateKey, 'text')
  expect(JSON.parse(opened)).toEqual({ ...PLACE, value: value.toString('base64') })
})

test('it stands in the file beside what was there, or in the place of the one before', () => {
  const before = '# ours\nsecrets:\n  other:\n    a: AAAA # kept\n'
  const once = withBox(before, { ...PLACE, box: 'QUJD' })
  const twice = withBox(once, { ...PLACE, box: 'REVG' })
  expect(twice).toBe('# ours\nsecrets:\n  other:\n    a: AAAA # kept\n  orders:\n    db-password: REVG\n')
  expect(withBox('', { ...PLACE, box: 'QUJD' })).toBe('secrets:\n  orders:\n    db-password: QUJD\n')
  const long = 'A'.repeat(400)
  expect(parseSealedSecrets(withBox('', { ...PLACE, box: long }), 'secrets.yml')).toMatchObject({
    entries: [{ box: long }],
  })
})

test.each([
  ['a file that is broken', 'secrets: [\n', PLACE, 'secrets.yml:'],
  ['a name that is none', '', { ...PLACE, name: 'DB/Password' }, 'no name of a secret'],
  ['a function that is none', '', { ...PLACE, function: 'Orders' }, 'Orders'],
])('%s is told of, and nothing is written', (_what, written, place, said) => {
  expect(() => withBox(written, { ...place, box: 'QUJD' })).toThrow(said)
})
