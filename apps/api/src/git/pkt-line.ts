/**
 * Git's packet lines: four hex digits of length, themselves counted, then the payload; `0000` is a flush.
 * Source: gitprotocol-common(5), gitprotocol-pack(5).
 */
export const FLUSH = Buffer.from('0000')

/** The largest payload on a side-band-64k channel. */
export const MAX_BAND_BYTES = 65_515

export const pktLine = (payload: Buffer | string): Buffer => {
  const bytes = Buffer.from(payload)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/** Text on band 2: what the client shows as `remote: …`. */
export const progressPacket = (text: string): Buffer =>
  pktLine(Buffer.concat([Buffer.from([2]), Buffer.from(text).subarray(0, MAX_BAND_BYTES)]))

/** Whole packets of a stream, `undefined` for a flush; what is no packet throws. */
export async function* readPackets(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (let packet = cutPacket(rest); packet; packet = cutPacket(rest)) {
      rest = rest.subarray(packet.bytes)
      yield packet.payload
    }
  }
  if (rest.length > 0) throw new Error('the stream ends within a packet')
}

/** The first packet of the bytes, undefined when it is not whole yet. */
export const cutPacket = (bytes: Buffer): { bytes: number; payload: Buffer | undefined } | undefined => {
  if (bytes.length < 4) return undefined
  const length = Number.parseInt(bytes.toString('latin1', 0, 4), 16)
  if (length === 0) return { bytes: 4, payload: undefined }
  if (!(length >= 4 && length <= 65_520)) throw new Error('not a packet line')
  return bytes.length < length ? undefined : { bytes: length, payload: bytes.subarray(4, length) }
}
