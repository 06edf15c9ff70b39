import { request } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader, type Asked } from './answer-reader.ts'
import { WireError } from './wire-error.ts'

/** What was read of a function's bytes; `end` says how it ended. */
interface Read {
  status: number
  fields: string[]
  body: string
  trailers: string[] | undefined
  informations: number
  end: 'whole' | 'unfinished' | 'malformed'
}

const GET: Asked = { isHead: false, mayUpgrade: false }

const ignore = () => undefined
const NOBODY = { onInformation: ignore, onHead: ignore, onUpgrade: ignore, onBody: ignore }

/** How many of the bytes belong to the answer. */
const lengthOf = (bytes: Buffer): number => {
  const reader = new AnswerReader()
  reader.begin(GET)
  return reader.read(bytes, bytes.length, NOBODY)
}

/** Feeds the bytes cut at the given places, then the end of the connection. */
const readPieces = (bytes: Buffer, cuts: readonly number[], asked: Asked = GET): Read => {
  const read: Read = { status: 0, fields: [], body: '', trailers: undefined, informations: 0, end: 'unfinished' }
  const reader = new AnswerReader()
  const sink = {
    onInformation: () => {
      read.informations += 1
    },
    onHead: (head: { status: number; fields: string[] }) => Object.assign(read, head),
    onUpgrade: (head: { status: number; fields: string[] }) => Object.assign(read, head),
    onBody: (piece: Buffer, from: number, to: number) => {
      read.body += piece.toString('latin1', from, to)
    },
  }
  reader.begin(asked)
  try {
    let from = 0
    for (const to of [...new Set([...cuts, bytes.length])].sort((a, b) => a - b)) {
      const piece = Buffer.from(bytes.subarray(from, to))
      reader.read(piece, piece.length, sink)
      // What a reader kept of a piece must be a copy.
      piece.fill(0)
      from = to
    }
    if (reader.end()) read.end = 'whole'
    read.trailers = reader.trailers
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    read.end = 'malformed'
  }
  const { status, fields, body, trailers, informations, end } = read
  return { status, fields, body, trailers, informations, end }
}

const name = fc.stringMatching(/^x-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
const value = fc.stringMatching(/^(?:[!-~\xa0-\xff](?:[!-~\xa0-\xff \t]{0,30}[!-~\xa0-\xff])?)?$/)
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 })
const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const space = fc.constantFrom('', ' ', '\t ', '  ')

const lines = (of: [string, string][], before: string, after: string): string =>
  of.map(([key, text]) => `${key}:${before}${text}${after}\r\n`).join('')

const flat = (of: [string, string][]): string[] => of.flatMap(([key, text]) => [key.toLowerCase(), text])

/** A body cut into chunks, with extensions. */
const chunked = (text: string, sizes: readonly number[], extension: string): string => {
  let rest = text
  let written = ''
  for (const size of [...sizes, text.length]) {
    const chunk = rest.slice(0, size)
    if (chunk !== '') written += `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`
    rest = rest.slice(size)
  }
  return `${written}0\r\n`
}

/** A sound answer, and what is to be read of it. */
const anAnswer = fc
  .record({
    status: fc.constantFrom(200, 201, 206, 404, 503),
    reason: fc.constantFrom(' OK', ' ', '', ' Not \xe9 Found'),
    fields,
    trailers: fields,
    body,
    framing: fc.constantFrom('length', 'chunks', 'close'),
    sizes: fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 5 }),
    extension: fc.constantFrom('', ';a', ';a=b', ';a="b c"'),
    informations: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 3 }),
    before: space,
    after: fc.constantFrom('', ' ', '   '),
  })
  .map((one) => {
    const written = lines(one.fields, one.before, one.after)
    const interim = one.informations.map((code) => `HTTP/1.1 ${code} X\r\n${written}\r\n`).join('')
    const [framing, sent] = {
      length: [`Content-Length: ${one.body.length}\r\n`, one.body],
      chunks: [
        'Transfer-Encoding: Chunked\r\n',
        `${chunked(one.body, one.sizes, one.extension)}${lines(one.trailers, one.before, one.after)}\r\n`,
      ],
      close: ['', one.body],
    }[one.framing] as [string, string]
    const head = `HTTP/1.1 ${one.status}${one.reason}\r\n${written}${framing}\r\n`
    const framed = framing === '' ? [] : [framing.toLowerCase().split(':')[0], framing.trim().split(': ')[1]]
    const hasTrailers = one.framing === 'chunks' && one.trailers.length > 0
    const expected: Read = {
      status: one.status,
      fields: [...flat(one.fields), ...(framed as string[])],
      body: one.body,
      trailers: hasTrailers ? flat(one.trailers) : undefined,
      informations: one.informations.length,
      end: 'whole',
    }
    return { bytes: Buffer.from(interim + head + sent, 'latin1'), expected }
  })

const cuts = fc.array(fc.nat(2_000), { maxLength: 12 })

/** What Node's own client makes of the bytes; undefined when it refuses them. */
const nodeReads = (bytes: Buffer): Promise<{ status: number; body: string } | undefined> =>
  new Promise((resolve) => {
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const req = request({ createConnection: () => socket, host: 'function', path: '/' })
    req.on('error', () => resolve(undefined))
    req.on('upgrade', () => resolve(undefined))
    req.on('response', (res) => {
      let text = ''
      res.on('data', (piece: Buffer) => {
        text += piece.toString('latin1')
      })
      res.on('error', () => resolve(undefined)).on('aborted', () => resolve(undefined))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text }))
    })
    req.end()
    req.on('socket', () => {
      socket.push(bytes)
      socket.push(null)
    })
  })

describe('any sound answer', () => {
  test('is read the same, wherever it is cut', () => {
    fc.assert(
      fc.property(anAnswer, cuts, ({ bytes, expected }, places) => {
        expect(readPieces(bytes, places)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('is read the same byte by byte', () => {
    fc.assert(
      fc.property(anAnswer, ({ bytes, expected }) => {
        const everywhere = Array.from({ length: bytes.length }, (_, i) => i)
        expect(readPieces(bytes, everywhere)).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test('is unfinished when its end is missing, and never taken for whole', () => {
    fc.assert(
      fc.property(anAnswer, fc.double({ min: 0, max: 0.999, noNaN: true }), ({ bytes, expected }, part) => {
        const head = bytes.subarray(0, Math.floor(bytes.length * part))
        const read = readPieces(head, [])
        const isClosing = expected.fields.every((field) => field !== 'content-length' && field !== 'transfer-encoding')
        if (!isClosing) expect(read.end).toBe('unfinished')
      }),
    )
  })

  test('is read by Node’s own client alike', async () => {
    await fc.assert(
      fc.asyncProperty(anAnswer, async ({ bytes, expected }) => {
        expect(await nodeReads(bytes)).toEqual({ status: expected.status, body: expected.body })
      }),
      { numRuns: 100 },
    )
  })
})

describe('a broken answer', () => {
  const mutation = fc.record({
    at: fc.nat(400),
    remove: fc.integer({ min: 0, max: 3 }),
    put: fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', ':', '\0', '0', 'chunked', '\r\nContent-Length: 3', '\r\n x', ';'),
      fc.constantFrom('\r\nTransfer-Encoding: chunked', '\r\nTransfer-Encoding: gzip', ',', '-', '+', '\x7f'),
    ),
  })
  const broken = fc
    .tuple(anAnswer, fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([{ bytes }, mutations]) => {
      let text = bytes.toString('latin1')
      for (const { at, remove, put } of mutations) {
        const place = at % text.length
        text = text.slice(0, place) + put + text.slice(place + remove)
      }
      return Buffer.from(text, 'latin1')
    })

  test('throws nothing else than a WireError, and is read the same wherever it is cut', () => {
    fc.assert(
      fc.property(broken, cuts, (bytes, places) => {
        const [whole, cut] = [readPieces(bytes, []), readPieces(bytes, places)]
        expect(cut.end).toBe(whole.end)
        if (whole.end === 'whole') expect(cut).toEqual(whole)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is never taken for an answer that Node’s own client would refuse, or read in another way', async () => {
    await fc.assert(
      fc.asyncProperty(broken, async (bytes) => {
        const read = readPieces(bytes, [])
        if (read.end !== 'whole') return
        const answer = bytes.subarray(0, lengthOf(bytes))
        expect(await nodeReads(answer)).toEqual({ status: read.status, body: read.body })
      }),
      { numRuns: 2_000 },
    )
  })
})

const OK = 'HTTP/1.1 200 OK\r\n'

test.each<[string, string]>([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['an empty line in front', `\r\n${OK}\r\n`],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a status above 599', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['a tab in the status line', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['a reason without end', `HTTP/1.1 200 ${'x'.repeat(2_000)}`],
  ['line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a line feed alone behind a field', `${OK}X-One: 1\nX-Two: 2\r\n\r\n`],
  ['a carriage return alone behind a field', `${OK}X-One: 1\rX-Two: 2\r\n\r\n`],
  ['a carriage return alone at the end', `${OK}X-One: 1\r\n\rx`],
  ['a folded field', `${OK}X-One: 1\r\n two\r\n\r\n`],
  ['a space before the colon', `${OK}Content-Length : 2\r\n\r\nok`],
  ['a field without a name', `${OK}: 1\r\n\r\n`],
  ['a field without a colon', `${OK}X-One\r\n\r\n`],
  ['a NUL in a field', `${OK}X-One: a\0b\r\n\r\n`],
  ['a control character in a name', `${OK}X-\x01: a\r\n\r\n`],
  ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`],
  ['two equal lengths', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
  ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`],
  ['a signed length', `${OK}Content-Length: +2\r\n\r\nok`],
  ['a hexadecimal length', `${OK}Content-Length: 0x2\r\n\r\nok`],
  ['an empty length', `${OK}Content-Length: \r\n\r\nok`],
  ['a length beyond 64 bits', `${OK}Content-Length: 99999999999999999999\r\n\r\nok`],
  ['length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['gzip as transfer encoding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
  ['gzip, chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a tab behind chunked', `${OK}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a chunk size that is no number', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ['an empty chunk size', `${OK}Transfer-Encoding: chunked\r\n\r\n\r\n`],
  ['a chunk size with 0x', `${OK}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
  ['a space behind the chunk size', `${OK}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`],
  ['a chunk size beyond 2⁵²', `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n`],
  ['a chunk extension without end', `${OK}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(2_000)}`],
  ['a chunk longer than it says', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`],
  ['a chunk ended by a line feed', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`],
  ['a chunk extension that is none', `${OK}Transfer-Encoding: chunked\r\n\r\n5;"a\r\nhello\r\n0\r\n\r\n`],
  ['a length in a trailer', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 2\r\n\r\n`],
  ['a folded trailer', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n 2\r\n\r\n`],
  ['an upgrade that was not asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)],
  ['an interim answer in HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n'],
  ['too many fields', `${OK}${'X: y\r\n'.repeat(201)}\r\n`],
  ['fields without end', `${OK}X: ${'y'.repeat(70_000)}`],
  ['many pieces of fields without end', `${OK}${'X-Large: yyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(4_000)}`],
])('%s is malformed', (_, text) => {
  expect(readPieces(Buffer.from(text, 'latin1'), []).end).toBe('malformed')
})

test.each<[string, number, Asked]>([
  ['an answer to HEAD', 200, { isHead: true, mayUpgrade: false }],
  ['204', 204, GET],
  ['304', 304, GET],
])('%s has no body, whatever its length says', (_, status, asked) => {
  const text = `HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`
  expect(readPieces(Buffer.from(text), [], asked)).toMatchObject({ status, body: '', end: 'whole' })
})

test('bytes behind an answer are left unread', () => {
  const bytes = Buffer.from(`${OK}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n`)
  expect(lengthOf(bytes)).toBe(bytes.indexOf('okHTTP') + 2)
})

test.each([
  ['HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.1 200 OK\r\n\r\nuntil the end', false],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', true],
])('%j may persist: %s', (text, may) => {
  const reader = new AnswerReader()
  const bytes = Buffer.from(text)
  reader.begin(GET)
  reader.read(bytes, bytes.length, NOBODY)
  reader.end()
  expect(reader.mayPersist).toBe(may)
})
