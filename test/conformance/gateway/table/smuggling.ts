import { CHUNKED, EVES_HOST, HOST, head, otherHears, type Row } from './row.ts'

/**
 * Shapes that two parsers could read in two ways. Each holds a second request in a place where it must never be taken for
 * one: the gateway refuses and closes, and the function sees nothing.
 */
const SMUGGLED = head('GET /hello/smuggled')
const post = (lines: string[], body: string) => `${head('POST /hello', ...lines)}${body}`
const get = (...lines: string[]) => head('GET /hello', ...lines)
/** In the place of the usual Host line. */
const hosted = (...hosts: string[]) => `GET /hello HTTP/1.1\r\n${hosts.map((host) => `${host}\r\n`).join('')}\r\n`

const lengths: Record<string, string> = {
  'Content-Length and Transfer-Encoding': post(
    [`Content-Length: ${SMUGGLED.length + 5}`, CHUNKED],
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'Transfer-Encoding before Content-Length': post([CHUNKED, 'Content-Length: 4'], `0\r\n\r\n${SMUGGLED}`),
  'two different Content-Length': post(['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], SMUGGLED),
  'two equal Content-Length': post(['Content-Length: 0', 'Content-Length: 0'], SMUGGLED),
  'a list in Content-Length': post(['Content-Length: 0, 0'], SMUGGLED),
  'a signed Content-Length': post([`Content-Length: +${SMUGGLED.length}`], SMUGGLED),
  'a negative Content-Length': post(['Content-Length: -1'], SMUGGLED),
  'a hexadecimal Content-Length': post(['Content-Length: 0x10'], SMUGGLED),
  'a Content-Length with a point': post(['Content-Length: 5.0'], SMUGGLED),
  'a Content-Length of two numbers': post(['Content-Length: 5 5'], SMUGGLED),
  'an empty Content-Length': post(['Content-Length: '], SMUGGLED),
  'a Content-Length beyond 64 bits': post(['Content-Length: 99999999999999999999999'], SMUGGLED),
  'Transfer-Encoding: xchunked': post(['Transfer-Encoding: xchunked'], SMUGGLED),
  'Transfer-Encoding: identity': post(['Transfer-Encoding: identity'], SMUGGLED),
  'an empty Transfer-Encoding': post(['Transfer-Encoding:', `Content-Length: ${SMUGGLED.length}`], SMUGGLED),
  'Transfer-Encoding: chunked twice': post(['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${SMUGGLED}`),
  'two Transfer-Encoding lines': post([CHUNKED, 'Transfer-Encoding: identity'], `0\r\n\r\n${SMUGGLED}`),
  'two lines of chunked': post([CHUNKED, CHUNKED], `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding: gzip, chunked': post(['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding: chunked, gzip': post(['Transfer-Encoding: chunked, gzip'], `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding in quotes': post(['Transfer-Encoding: "chunked"'], `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding with a parameter': post(['Transfer-Encoding: chunked;a=1'], `0\r\n\r\n${SMUGGLED}`),
  'a vertical tab in Transfer-Encoding': post(['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${SMUGGLED}`),
  'a tab behind chunked': post(['Transfer-Encoding: chunked\t'], `0\r\n\r\n${SMUGGLED}`),
  'Transfer-Encoding in HTTP/1.0': `POST /hello HTTP/1.0\r\nHost: ${HOST}\r\n${CHUNKED}\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a body on HEAD': `${head('HEAD /hello', 'Content-Length: 5')}hello`,
}

const lines: Record<string, string> = {
  'a space before the colon': post(['Content-Length : 0'], SMUGGLED),
  'a tab before the colon': post(['Content-Length\t: 0'], SMUGGLED),
  'a space before the colon of Transfer-Encoding': post(['Transfer-Encoding : chunked'], `0\r\n\r\n${SMUGGLED}`),
  'a folded header': get('X-One: 1', ' Content-Length: 5'),
  'a folded Transfer-Encoding': post(['Transfer-Encoding:', ' chunked'], `0\r\n\r\n${SMUGGLED}`),
  'a space before the first header': `GET /hello HTTP/1.1\r\n Host: ${HOST}\r\n\r\n`,
  'a bare carriage return in a header': get('X-One: a\rX-Two: b'),
  'a bare line feed in a header': get('X-One: a\nX-Two: b'),
  'bare line feeds alone': `GET /hello HTTP/1.1\nHost: ${HOST}\nX-One: 1\n\n${SMUGGLED}`,
  'a head that ends with a bare line feed': `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\n\n${SMUGGLED}`,
  'a NUL in a header': get('X-One: a\0b'),
  'a NUL in a header name': get('X-\0One: a'),
  'a NUL in the target': head('GET /hello/\0'),
  'a header without a colon': get('X-One'),
  'a header without a name': get(': one'),
  'a header name with a space': get('X One: 1'),
  'a header name of bytes that are no ASCII': get('X-Caf\xe9: 1'),
}

const hosts: Record<string, string> = {
  'no Host': hosted('X-One: 1'),
  'an empty Host': hosted('Host:'),
  'two Hosts': get(`Host: ${EVES_HOST}`),
  'twice the same Host': get(`Host: ${HOST}`),
  'a list of Hosts': hosted(`Host: ${HOST}, ${EVES_HOST}`),
  'a Host with a user': hosted(`Host: ada@${HOST}`),
  'a Host whose port is a user and another host': hosted(`Host: ${HOST}:x@${EVES_HOST}`),
  'a Host with two ports': hosted(`Host: ${HOST}:80:80`),
  'a Host with a port that is none': hosted(`Host: ${HOST}:http`),
  'a Host with a path': hosted(`Host: ${HOST}/hello`),
  'a Host with a path behind its port': hosted(`Host: ${HOST}:80/hello`),
  'a Host with a space': hosted(`Host: ${HOST} ${EVES_HOST}`),
}

const chunks: Record<string, string> = {
  'a chunk size that is no number': `zz\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  'a chunk size with 0x': `0x5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'an empty chunk size': `\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a negative chunk size': `-1\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  'a signed chunk size': `+5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size beyond 64 bits': `fffffffffffffffff\r\n${SMUGGLED}`,
  'a chunk longer than it says': `3\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk ended by a bare line feed': `5\r\nhello\n0\r\n\r\n${SMUGGLED}`,
  'a chunk ended by a bare carriage return': `5\r\nhello\r0\r\n\r\n${SMUGGLED}`,
  'a chunk size ended by a bare line feed': `5\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a space before the chunk size': ` 5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a space behind the chunk size': `5 \r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a bare line feed in an extension': `5;a\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  'a last chunk ended by a bare line feed': `5\r\nhello\r\n0\n\n${SMUGGLED}`,
  'a Content-Length among the trailers': `5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n${SMUGGLED}`,
  'a Transfer-Encoding among the trailers': `5\r\nhello\r\n0\r\n${CHUNKED}\r\n\r\n${SMUGGLED}`,
  'a trailer without a colon': `5\r\nhello\r\n0\r\nX-One\r\n\r\n${SMUGGLED}`,
  'a folded trailer': `5\r\nhello\r\n0\r\nX-One: 1\r\n 2\r\n\r\n${SMUGGLED}`,
}

const refused = ([name, bytes]: [string, string]): Row => ({
  name: `${name} is 400`,
  caller: [bytes],
  atFunction: 'nothing',
  atCaller: { answers: [/^400/], connection: 'closed' },
})

/** Of bad chunks the function may have seen the head, and the end never. */
const broken = ([name, body]: [string, string]): Row => ({
  name: `${name} breaks off at the function`,
  caller: [head('POST /hello', CHUNKED), otherHears(/\r\n\r\n/), body],
  atFunction: { requests: [/^POST \/.*…$/s], connection: 'closed' },
  atCaller: { answers: [/^400/], connection: 'closed' },
})

const tooLarge = (name: string, bytes: string, status: RegExp, atFunction: Row['atFunction'] = 'nothing'): Row => ({
  name,
  caller: [bytes],
  atFunction,
  atCaller: { answers: [status], connection: 'closed' },
})

const endless = (bytes: string) => head('POST /hello', CHUNKED) + bytes
const ANY: Row['atFunction'] = { requests: [], connection: 'closed' }

export const smuggling: Row[] = [
  ...Object.entries({ ...lengths, ...lines, ...hosts }).map(refused),
  ...Object.entries(chunks).map((shape) => refused([shape[0], head('POST /hello', CHUNKED) + shape[1]])),
  ...Object.entries(chunks).map(broken),
  tooLarge('too many headers are 431', get(...Array.from({ length: 250 }, (_, i) => `x-${i}: 1`)), /^431/),
  tooLarge('a header that is too long is 431', get(`X-Large: ${'x'.repeat(40_000)}`), /^431/),
  tooLarge('a target that is too long is 431', head(`GET /hello/${'x'.repeat(40_000)}`), /^431/),
  tooLarge('a method without end is 400', 'G'.repeat(40_000), /^400/),
  tooLarge('an extension without end is 413', endless(`5;${'x'.repeat(40_000)}`), /^413/, ANY),
  tooLarge('trailers without end are 431', endless(`0\r\n${'X-Large: y\r\n'.repeat(5_000)}`), /^431/, ANY),
  {
    name: 'the shapes are no accident: put rightly, the same requests pass',
    caller: [post([CHUNKED], `5\r\nhello\r\n0\r\n\r\n`), otherHears(/0\r\n\r\n$/), SMUGGLED],
    atFunction: { requests: ['POST / hello', 'GET /smuggled'] },
    atCaller: { answers: ['200 ok', '200 ok'], connection: 'kept' },
  },
  {
    name: 'spellings with “_” of what frames a request stay behind',
    caller: [post(['Content_Length: 100', 'Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello')],
    atFunction: { requests: ['POST / hello'], hasNot: ['content_length', 'transfer_encoding', 'transfer-encoding'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
]
