import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { givenCallId, namedByConnection, requestHeaders, responseHeaders } from './headers.ts'

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
const call = { callId: 'c', startTime: '1', contentLength: undefined }

const asRecord = (flat: string[] | undefined): Record<string, string> => {
  const record: Record<string, string> = {}
  for (let i = 0; flat && i + 1 < flat.length; i += 2) record[String(flat[i]).toLowerCase()] = String(flat[i + 1])
  return record
}

const forwarded = ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Host', 'shop.example', 'X-Forwarded-Proto', 'https']

test('a stranger’s X-Forwarded-* are replaced', () => {
  const headers = asRecord(requestHeaders(aRequest(['Host', 'h', ...forwarded]), { ...call, peer: stranger }))
  expect(headers).toMatchObject({
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-host': 'h',
    'x-forwarded-proto': 'http',
  })
})

test('a trusted proxy’s are believed, and it is added to the chain', () => {
  const headers = asRecord(requestHeaders(aRequest(['Host', 'h', ...forwarded]), { ...call, peer: proxy }))
  expect(headers).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 192.0.2.1',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'https',
    host: 'h',
  })
})

test('two Hosts or none are no request', () => {
  expect(requestHeaders(aRequest(['Host', 'a', 'host', 'a']), { ...call, peer: stranger })).toBeUndefined()
  expect(requestHeaders(aRequest(['X', 'a']), { ...call, peer: stranger })).toBeUndefined()
})

test('names keep their spelling and values their bytes', () => {
  const headers = requestHeaders(aRequest(['Host', 'h', 'X-CaSe', ' caf\xe9']), { ...call, peer: stranger })
  expect(headers?.slice(0, 2)).toEqual(['X-CaSe', ' caf\xe9'])
})

test('Connection names fields in any spelling', () => {
  expect(namedByConnection('keep-alive')).toBeUndefined()
  expect([...(namedByConnection('Close, X-One ,x-two') ?? [])]).toEqual(['close', 'x-one', 'x-two'])
})

test('an answer’s repeated fields stay apart, what Connection names stays behind', () => {
  const from = { connection: 'x-hop', 'x-hop': '1', 'set-cookie': ['a', 'b'], trailer: 'x-t', 'x-kept': '1' }
  expect(responseHeaders(from, false)).toEqual(['set-cookie', 'a', 'set-cookie', 'b', 'x-kept', '1'])
  expect(responseHeaders(from, true)).toContain('trailer')
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
