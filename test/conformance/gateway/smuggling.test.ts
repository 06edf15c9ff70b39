import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask, exchangeRaw, HOST } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/**
 * Shapes that two parsers could read in two ways. Each holds a second request to `/hello/smuggled` in a place where it
 * must never be taken for one: the gateway refuses, closes, and the function never sees it.
 */
let world: GatewayWorld
let target: AFunction

beforeAll(async () => {
  target = await aFunction()
  world = await startWorld({}, { routes: [aRoute({ addresses: [target.address] })] })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})
beforeEach(() => {
  target.seen.length = 0
})

const SMUGGLED = `GET /hello/smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
const post = (headers: string, body: string) => `POST /hello HTTP/1.1\r\nHost: ${HOST}\r\n${headers}\r\n\r\n${body}`
const get = (headers: string) => `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\n${headers}\r\n\r\n`

const shapes: Record<string, string> = {
  'Content-Length and Transfer-Encoding': post(
    `Content-Length: ${SMUGGLED.length + 5}\r\nTransfer-Encoding: chunked`,
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'Transfer-Encoding before Content-Length': post(
    `Transfer-Encoding: chunked\r\nContent-Length: 4`,
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'two different Content-Length': post(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED),
  'two equal Content-Length': post('Content-Length: 0\r\nContent-Length: 0', SMUGGLED),
  'a list in Content-Length': post('Content-Length: 0, 0', SMUGGLED),
  'a signed Content-Length': post(`Content-Length: +${SMUGGLED.length}`, SMUGGLED),
  'a negative Content-Length': post('Content-Length: -1', SMUGGLED),
  'a hexadecimal Content-Length': post('Content-Length: 0x10', SMUGGLED),
  'an empty Content-Length': post('Content-Length: ', SMUGGLED),
  'a Content-Length beyond 64 bits': post('Content-Length: 99999999999999999999999', SMUGGLED),
  'a space before the colon': post('Content-Length : 0', SMUGGLED),
  'a space before the colon of Transfer-Encoding': post('Transfer-Encoding : chunked', `0\r\n\r\n${SMUGGLED}`),
  'a folded header': get('X-One: 1\r\n Content-Length: 5'),
  'a folded Transfer-Encoding': post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding: xchunked': post('Transfer-Encoding: xchunked', SMUGGLED),
  'Transfer-Encoding: identity': post('Transfer-Encoding: identity', SMUGGLED),
  'Transfer-Encoding: chunked twice': post('Transfer-Encoding: chunked, chunked', `0\r\n\r\n${SMUGGLED}`),
  'two Transfer-Encoding lines': post(
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'Transfer-Encoding: gzip, chunked': post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding: chunked, gzip': post('Transfer-Encoding: chunked, gzip', `0\r\n\r\n${SMUGGLED}`),
  'a vertical tab in Transfer-Encoding': post('Transfer-Encoding: \x0bchunked', `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding in HTTP/1.0': `POST /hello HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size that is no number': post('Transfer-Encoding: chunked', `zz\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  'a chunk size with 0x': post('Transfer-Encoding: chunked', `0x5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  'a negative chunk size': post('Transfer-Encoding: chunked', `-1\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  'a chunk size beyond 64 bits': post('Transfer-Encoding: chunked', `fffffffffffffffff\r\n${SMUGGLED}`),
  'a chunk longer than it says': post('Transfer-Encoding: chunked', `3\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  'a chunk ended by a bare line feed': post('Transfer-Encoding: chunked', `5\r\nhello\n0\r\n\r\n${SMUGGLED}`),
  'a chunk size ended by a bare line feed': post('Transfer-Encoding: chunked', `5\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  'a space before the chunk size': post('Transfer-Encoding: chunked', ` 5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  'a bare carriage return in a header': get('X-One: a\rX-Two: b'),
  'a NUL in a header': get('X-One: a\0b'),
  'a NUL in a header name': get('X-\0One: a'),
  'a header without a colon': get('X-One'),
  'a header without a name': get(': one'),
  'a header name with a space': get('X One: 1'),
  'no Host': `GET /hello HTTP/1.1\r\nX-One: 1\r\n\r\n`,
  'two Hosts': get('Host: eve.fn.localhost'),
  'another host in the target': `GET http://eve.fn.localhost/hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  'a space in the target': `GET /hello /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  'a target without a slash': `GET hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  'HTTP/2.0 in the first line': `GET /hello HTTP/2.0\r\nHost: ${HOST}\r\n\r\n`,
  'HTTP/0.9': 'GET /hello\r\n\r\n',
  'an unknown method': `SMUGGLE /hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  'the HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a body on HEAD': `HEAD /hello HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\n\r\nhello`,
}

describe.each(Object.entries(shapes))('%s', (_, bytes) => {
  test('is refused, and nothing behind it becomes a request', async () => {
    const { text } = await exchangeRaw(world.port, bytes)
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
    expect(['400', '404', '405', '501']).toContain(status)
    expect(text).not.toContain('200 OK')
    expect(target.seen.map(({ url }) => url)).not.toContain('/smuggled')
    expect(target.seen).toEqual([])
  })
})

test('the shapes are no accident: the same request put rightly passes, and so does the next behind it', async () => {
  const { text } = await exchangeRaw(
    world.port,
    post('Transfer-Encoding: chunked', `5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  )
  expect(text.match(/200 OK/g)).toHaveLength(2)
  expect(target.seen.map(({ url, body }) => [url, body])).toEqual([
    ['/', 'hello'],
    ['/smuggled', ''],
  ])
})

test('line feeds alone never end a header here that another could read on', async () => {
  await exchangeRaw(world.port, `GET /hello HTTP/1.1\nHost: ${HOST}\nX-One: 1\n\n${SMUGGLED}`)
  expect(target.seen.map(({ url }) => url)).not.toContain('/smuggled')
})

test('too many and too large headers are 431', async () => {
  const many = await exchangeRaw(world.port, get(Array.from({ length: 250 }, (_, i) => `x-${i}: 1`).join('\r\n')))
  expect(many.text).toMatch(/^HTTP\/1\.1 431/)
  const large = await exchangeRaw(world.port, get(`X-Large: ${'x'.repeat(40_000)}`))
  expect(large.text).toMatch(/^HTTP\/1\.1 431/)
  expect(target.seen).toEqual([])
})

test('h2c is not opened: the request is served as HTTP/1.1 and the upgrade not passed on', async () => {
  const answer = await ask({
    port: world.port,
    headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
  })
  expect(answer.status).toBe(200)
  expect(target.seen[0]?.names).not.toContain('upgrade')
  expect(target.seen[0]?.names).not.toContain('http2-settings')
})
