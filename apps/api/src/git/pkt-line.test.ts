import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FLUSH, pktLine, readPackets } from './pkt-line.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const collect = async (chunks: AsyncIterable<Buffer>) => {
  const packets: (string | undefined)[] = []
  for await (const packet of readPackets(chunks)) packets.push(packet?.toString('latin1'))
  return packets
}

test('packets come out as they went in, however the stream is cut', async () => {
  const packet = fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(fc.array(packet), fc.integer({ min: 1, max: 50 }), async (packets, size) => {
      const bytes = Buffer.concat(packets.map((payload) => (payload ? pktLine(Buffer.from(payload)) : FLUSH)))
      const wanted = packets.map((payload) => (payload ? Buffer.from(payload).toString('latin1') : undefined))
      expect(await collect(inPieces(bytes, size))).toEqual(wanted)
    }),
  )
})

test('a stream that ends within a packet, or is no packets at all, is an error', async () => {
  await expect(collect(inPieces(pktLine('hello').subarray(0, 6), 100))).rejects.toThrow('ends within a packet')
  await expect(collect(inPieces(Buffer.from('GET / HTTP/1.1'), 100))).rejects.toThrow('not a packet line')
})
