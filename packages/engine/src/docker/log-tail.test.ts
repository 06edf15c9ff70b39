import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLogFrames } from './log-tail.ts'

const frame = (stream: 1 | 2, payload: string | Buffer): Buffer => {
  const body = Buffer.from(payload)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}
const PART = 'p'.repeat(16 * 1024)

test('the last lines come oldest first', () => {
  const log = Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n'), frame(1, 'three\n')])
  expect(readLogFrames(log, 2)).toEqual(['two', 'three'])
  expect(readLogFrames(log, 9)).toEqual(['one', 'two', 'three'])
  expect(readLogFrames(log, 0)).toEqual([])
  expect(readLogFrames(Buffer.alloc(0), 5)).toEqual([])
})

test('an empty line is a line', () => {
  expect(readLogFrames(Buffer.concat([frame(1, '\n'), frame(1, 'x\n')]), 5)).toEqual(['', 'x'])
})

test('parts of a long line are one line, though the other stream speaks between them', () => {
  const log = Buffer.concat([frame(1, PART), frame(2, 'meanwhile\n'), frame(1, 'end\n'), frame(1, 'next\n')])
  expect(readLogFrames(log, 9)).toEqual(['meanwhile', PART.slice(0, 4096), 'next'])
})

test('a last part without its newline ends the line all the same', () => {
  const log = Buffer.concat([frame(1, PART), frame(1, 'end'), frame(1, 'next\n')])
  expect(readLogFrames(log, 9)).toEqual([PART.slice(0, 4096), 'next'])
})

test('a cut through a character leaves the character out', () => {
  const [line] = readLogFrames(frame(1, `${'x'.repeat(4095)}é and more\n`), 1)
  expect(line).toBe('x'.repeat(4095))
})

test('control characters, byte order marks and broken UTF-8 do not break the reading', () => {
  const log = Buffer.concat([frame(1, '\ufeff\u001b[31mred\u0000\r\n'), frame(1, Buffer.from([0xff, 0xfe, 10]))])
  expect(readLogFrames(log, 9)).toEqual(['\ufeff\u001b[31mred\u0000\r', '\ufffd\ufffd'])
})

test('whatever bytes Docker sends, the reading ends, with no more lines than asked for and none too long', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 5 }), (bytes, lines) => {
      const read = readLogFrames(Buffer.from(bytes), lines)
      expect(read.length).toBeLessThanOrEqual(lines)
      for (const line of read) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(3 * 4096)
    }),
  )
})
