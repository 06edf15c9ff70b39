import { type BoxPlace, boxText } from '@pushfn/model/sealed-box'

/** A sealed box of libsodium, in base64, as docs/secrets.md says: `key` is the tenant's public one, in base64 too. */
export const sealedBox = async (key: string, place: BoxPlace, value: Buffer): Promise<string> => {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  const text = boxText(place, value.toString('base64'))
  return Buffer.from(sodium.crypto_box_seal(text, Buffer.from(key, 'base64'))).toString('base64')
}
