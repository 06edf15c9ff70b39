import { HEARS_HEAD, head, otherHears, type Row } from './row.ts'

/** What is no answer in order: the caller gets 502, nothing of it, and the function's connection is closed. */
const malformed = (name: string, bytes: string): Row => ({
  name: `${name} is 502`,
  caller: [head('POST /hello', 'Content-Length: 0')],
  function: [HEARS_HEAD, bytes],
  atFunction: { requests: ['POST /'], connection: 'closed' },
  atCaller: { answers: ['502 Function failed'], hasNot: ['x-one'], connection: 'kept' },
})

/** What goes wrong after the head has gone out can only be seen by a missing end. */
const cut = (name: string, begin: string, bad: string): Row => ({
  name: `${name} breaks off at the caller`,
  caller: [head('GET /hello')],
  function: [HEARS_HEAD, begin, otherHears(/hello/), bad],
  atFunction: { requests: ['GET /'], connection: 'closed' },
  atCaller: { answers: ['200 hello…'], connection: 'closed' },
})

const IN_CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
const answer = (...lines: string[]) =>
  `HTTP/1.1 200 OK\r\nX-One: 1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\nok`

/** Answers that are none, or could be read in two ways. */
export const badAnswers: Row[] = [
  malformed('no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'),
  malformed('HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'),
  malformed('a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'),
  malformed('a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'),
  malformed('the status 999', 'HTTP/1.1 999 Oh\r\nContent-Length: 0\r\n\r\n'),
  malformed('the status 099', 'HTTP/1.1 099 Oh\r\nContent-Length: 0\r\n\r\n'),
  malformed('two lengths', answer('Content-Length: 2', 'Content-Length: 3')),
  malformed('twice the same length', answer('Content-Length: 2', 'Content-Length: 2')),
  malformed('a list of lengths', answer('Content-Length: 2, 2')),
  malformed('a negative length', answer('Content-Length: -2')),
  malformed('a length that is no number', answer('Content-Length: two')),
  malformed('an empty length', answer('Content-Length:')),
  malformed('length and chunks', answer('Content-Length: 2', 'Transfer-Encoding: chunked')),
  malformed('chunks twice', answer('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')),
  malformed('another encoding', answer('Transfer-Encoding: gzip, chunked')),
  malformed('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  malformed('a folded line', answer('X-Two: a', ' b', 'Content-Length: 2')),
  malformed('a space before the colon', answer('Content-Length : 2')),
  malformed('a line without a colon', answer('X-Two', 'Content-Length: 2')),
  malformed('a NUL in a field', answer('X-Two: a\0b', 'Content-Length: 2')),
  malformed('a bare carriage return in a field', answer('X-Two: a\rb', 'Content-Length: 2')),
  malformed('bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'),
  malformed('a head without end', `HTTP/1.1 200 OK\r\n${'X-Large: y\r\n'.repeat(20_000)}`),
  malformed('a field without end', `HTTP/1.1 200 OK\r\nX-Large: ${'y'.repeat(100_000)}`),
  malformed('a status line without end', `HTTP/1.1 200 ${'y'.repeat(2_000)}`),
  malformed('interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)),
  malformed(
    'an upgrade nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  ),
  cut('a chunk size that is none', IN_CHUNKS, 'zz\r\n'),
  cut('a chunk that is longer than it says', IN_CHUNKS, '2\r\nlong\r\n'),
  cut('a negative chunk size', IN_CHUNKS, '-1\r\n'),
  cut('a chunk size beyond 64 bits', IN_CHUNKS, 'fffffffffffffffff\r\n'),
  cut('a chunk that ends with a bare line feed', IN_CHUNKS, '2\r\nok\n'),
  cut('a trailer that is none', IN_CHUNKS, '0\r\nno trailer\r\n\r\n'),
  cut('trailers without end', IN_CHUNKS, `0\r\n${'X-Large: y\r\n'.repeat(20_000)}`),
]
