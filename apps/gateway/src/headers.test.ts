import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { givenCallId, namedByConnection, requestFields, requestTrailers, responseHeaders, valuesOf } from './headers.ts'

const aRequest = (raw: string[]): IncomingMessage => {
  const req = new IncomingMessage(new Socket())
  req.rawHeaders = raw
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = String(raw[i]).toLowerCase()
    const before = req.headers[name]
    req.headers[name] = before === undefined ? raw[i + 1] : `${before}, ${raw[i + 1]}`
  }
  return req
}
const stranger = { address: '198.51.100.7', isTrusted: false, isRefused: false }
const proxy = { address: '192.0.2.1', isTrusted: true, isRefused: false }
const call = { callId: 'c', startTime: '1', hasBody: false, isTokenOurs: false }

const asRecord = (lines: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (lines ?? '').split('\r\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
    }),
  )

const forwarded = ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Host', 'shop.example', 'X-Forwarded-Proto', 'https']

test('a stranger’s X-Forwarded-* are replaced', () => {
  const headers = asRecord(requestFields(aRequest(['Host', 'h', ...forwarded]), { ...call, peer: stranger }))
  expect(headers).toMatchObject({
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-host': 'h',
    'x-forwarded-proto': 'http',
  })
})

test('a trusted proxy’s are believed, and it is added to the chain', () => {
  const headers = asRecord(requestFields(aRequest(['Host', 'h', ...forwarded]), { ...call, peer: proxy }))
  expect(headers).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 192.0.2.1',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'https',
    host: 'h',
  })
})

test('two Hosts or none are no request', () => {
  expect(requestFields(aRequest(['Host', 'a', 'host', 'a']), { ...call, peer: stranger })).toBeUndefined()
  expect(requestFields(aRequest(['X', 'a']), { ...call, peer: stranger })).toBeUndefined()
})

test('names keep their spelling and values their bytes', () => {
  const lines = requestFields(aRequest(['Host', 'h', 'X-CaSe', 'caf\xe9']), { ...call, peer: stranger })
  expect(lines).toContain('\r\nX-CaSe: caf\xe9\r\n')
})

test('Connection names fields in any spelling', () => {
  expect(namedByConnection('keep-alive')).toBeUndefined()
  expect([...(namedByConnection('Close, X-One ,x-two') ?? [])]).toEqual(['close', 'x-one', 'x-two'])
})

test('an answer’s repeated fields stay apart, what Connection names stays behind', () => {
  const from = 'connection x-hop x-hop 1 set-cookie a set-cookie b trailer x-t x-kept 1'.split(' ')
  expect(responseHeaders(from, false)).toEqual(['set-cookie', 'a', 'set-cookie', 'b', 'x-kept', '1'])
  expect(responseHeaders(from, true)).toContain('trailer')
})

test('a body is framed for the function as the caller framed it', () => {
  const withBody = { ...call, peer: stranger, hasBody: true }
  expect(requestFields(aRequest(['Host', 'h', 'Content-Length', '5']), withBody)).toContain('content-length: 5\r\n')
  const chunked = requestFields(aRequest(['Host', 'h', 'Transfer-Encoding', 'chunked', 'Trailer', 'x-sum']), withBody)
  expect(chunked).toContain('transfer-encoding: chunked\r\ntrailer: x-sum\r\n')
})

test('a request’s trailers go on, but for those that only a head may hold', () => {
  const raw = [
    'X-Sum',
    'abc',
    'Authorization',
    'x',
    'X-Forwarded-For',
    '1.1.1.1',
    'x_real_ip',
    '1',
    'Content-Length',
    '5',
  ]
  expect(requestTrailers(raw)).toBe('X-Sum: abc\r\n')
})

test('the values of a repeated field are joined', () => {
  expect(valuesOf(['a', '1', 'b', '2', 'a', '3'], 'a')).toBe('1, 3')
  expect(valuesOf(['a', '1'], 'c')).toBeUndefined()
})

test.each([
  ['abc-1.2_3', 'abc-1.2_3'],
  ['', undefined],
  ['a b', undefined],
  ['a\r\nb', undefined],
  ['x'.repeat(65), undefined],
])('the call id %j is taken as %j', (given, taken) => {
  expect(givenCallId({ 'x-call-id': given })).toBe(taken)
})
