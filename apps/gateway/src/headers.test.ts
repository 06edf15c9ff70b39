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
const stranger = { address: '198.51.100.7', isTrusted: false, isInternal: false, isRefused: false }
const proxy = { address: '192.0.2.1', isTrusted: true, isInternal: false, isRefused: false }
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

test.each([
  [
    ['X-Forwarded-For', '203.0.113.9:51000, [2001:db8::7]:443', 'X-Forwarded-For', 'unknown'],
    'x-forwarded-for',
    '203.0.113.9:51000, [2001:db8::7]:443, unknown, 192.0.2.1',
  ],
  [['X-Forwarded-Proto', 'http, https'], 'x-forwarded-proto', 'https'],
  [['X-Forwarded-Proto', 'https', 'X-Forwarded-Proto', 'http'], 'x-forwarded-proto', 'http'],
  [['X-Forwarded-Proto', 'javascript'], 'x-forwarded-proto', 'http'],
  [['X-Forwarded-Proto', 'https,'], 'x-forwarded-proto', 'http'],
  [['X-Forwarded-Host', 'evil.example, shop.example:8443'], 'x-forwarded-host', 'shop.example:8443'],
  [['X-Forwarded-Host', '[2001:db8::1]:8080'], 'x-forwarded-host', '[2001:db8::1]:8080'],
  [['X-Forwarded-Host', 'shop.example/evil'], 'x-forwarded-host', 'h'],
  [['X-Forwarded-Host', ''], 'x-forwarded-host', 'h'],
])('of a trusted proxy’s %j counts what it said itself', (sent, name, expected) => {
  const headers = asRecord(requestFields(aRequest(['Host', 'h', ...sent]), { ...call, peer: proxy }))
  expect(headers[name]).toBe(expected)
})

test('Forwarded, and every other name for the same thing, is nobody’s to send', () => {
  const sent = ['Forwarded', 'for=1.2.3.4;proto=https', 'X-Real-IP', '1.2.3.4', 'X_Forwarded_For', '1.2.3.4']
  for (const peer of [stranger, proxy]) {
    const lines = requestFields(aRequest(['Host', 'h', ...sent]), { ...call, peer })
    expect(lines).not.toContain('1.2.3.4')
  }
})

test('a trace that comes goes on as it is; one that is none begins anew, without its state', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const fields = (raw: string[]) =>
    asRecord(requestFields(aRequest(['Host', 'h', ...raw]), { ...call, peer: stranger }))
  expect(fields(['Traceparent', traceparent, 'tracestate', 'a=1'])).toMatchObject({ traceparent, tracestate: 'a=1' })
  for (const raw of [[], ['traceparent', 'x'], ['traceparent', traceparent, 'traceparent', traceparent]]) {
    const begun = fields([...raw, 'tracestate', 'a=1'])
    expect(begun.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(begun.tracestate).toBeUndefined()
  }
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
