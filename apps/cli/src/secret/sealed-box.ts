/** What a box is for: it opens for this alone. */
export interface BoxPlace {
  tenant: string
  function: string
  name: string
}

/** A sealed box of libsodium, in base64, as docs/secrets.md says: `key` is the tenant's public one, in base64 too. */
export const sealedBox = async (key: string, place: BoxPlace, value: Buffer): Promise<string> => {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  const contents = {
    tenant: place.tenant,
    function: place.function,
    name: place.name,
    value: value.toString('base64'),
  }
  return Buffer.from(sodium.crypto_box_seal(JSON.stringify(contents), Buffer.from(key, 'base64'))).toString('base64')
}
