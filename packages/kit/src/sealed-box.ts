import { BoxContents, type BoxPlace, boxText } from '@pushfn/model/sealed-box'
import sodium from 'libsodium-wrappers'

/** Of X25519, raw: anybody seals by the public one, and only who has the private one opens. */
export interface SealingKey {
  publicKey: Uint8Array<ArrayBuffer>
  privateKey: Uint8Array<ArrayBuffer>
}

export const newSealingKey = async (): Promise<SealingKey> => {
  await sodium.ready
  const { publicKey, privateKey } = sodium.crypto_box_keypair()
  return { publicKey: new Uint8Array(publicKey), privateKey: new Uint8Array(privateKey) }
}

/** A value as a sealed box of libsodium, in base64: to be written into a repository by whoever knows the public key. */
export const sealBox = async (publicKey: Uint8Array, place: BoxPlace, value: Uint8Array): Promise<string> => {
  await sodium.ready
  const text = boxText(place, Buffer.from(value).toString('base64'))
  return Buffer.from(sodium.crypto_box_seal(text, publicKey)).toString('base64')
}

export type Opened = { value: Buffer } | { problem: 'closed' | 'elsewhere' }

/** The value; `closed` when it was sealed by another key or changed, `elsewhere` when it is another place's. */
export const openBox = async (key: SealingKey, place: BoxPlace, box: string): Promise<Opened> => {
  await sodium.ready
  const contents = contentsOf(key, box)
  if (!contents) return { problem: 'closed' }
  const isHere =
    contents.tenant === place.tenant && contents.function === place.function && contents.name === place.name
  return isHere ? { value: Buffer.from(contents.value, 'base64') } : { problem: 'elsewhere' }
}

const contentsOf = ({ publicKey, privateKey }: SealingKey, box: string): BoxContents | undefined => {
  try {
    const text = sodium.crypto_box_seal_open(Buffer.from(box, 'base64'), publicKey, privateKey, 'text')
    return BoxContents.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
