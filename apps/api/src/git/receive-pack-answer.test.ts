import { expect, test } from 'vitest'
import { FLUSH, pktLine } from './pkt-line.ts'
import { withProgress } from './receive-pack-answer.ts'

const band = (n: number, payload: Buffer | string) => pktLine(Buffer.concat([Buffer.from([n]), Buffer.from(payload)]))

async function* answer(...parts: Buffer[]): AsyncGenerator<Buffer> {
  yield* parts
}

const read = async (chunks: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString('latin1')
}

const report = Buffer.concat([
  pktLine('unpack ok\n'),
  pktLine('ok refs/heads/main\n'),
  pktLine('ng refs/heads/locked denied\n'),
  FLUSH,
])

test('git’s answer goes through, our lines come behind it on band 2, the flush comes last', async () => {
  let taken: ReadonlySet<string> = new Set()
  const text = await read(
    withProgress(answer(band(2, 'Resolving deltas\n'), band(1, report), FLUSH), async function* (refs) {
      taken = refs
      yield 'building hello\n'
    }),
  )
  expect([...taken]).toEqual(['refs/heads/main'])
  const wanted = [band(2, 'Resolving deltas\n'), band(1, report), band(2, 'building hello\n'), FLUSH]
  expect(text).toBe(Buffer.concat(wanted).toString('latin1'))
})
