import { byteByByte, CHUNKED, CLOSES, HEARS_HEAD, head, otherHears, type Row } from './row.ts'
import type { Step } from './side.ts'

const GET = head('GET /hello')
const OLD = head('GET /hello HTTP/1.0')
const IN_CHUNKS = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n`

/** How a GET is answered, and what comes of it at a caller of HTTP/1.1. */
const answered = (name: string, answer: Step[], text: string, more: Partial<Row['atCaller']> = {}): Row => ({
  name,
  caller: [GET],
  function: [HEARS_HEAD, ...answer],
  atFunction: { requests: ['GET /'], connection: 'kept' },
  atCaller: { answers: [text], connection: 'kept', ...more },
})

const andCloses = (row: Row): Row => ({ ...row, atFunction: { requests: ['GET /'], connection: 'closed' } })

/** Answers that are in order, in all their forms. */
export const answers: Row[] = [
  answered('a length stays', ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'], '200 hello', {
    has: ['content-length: 5'],
    hasNot: ['transfer-encoding'],
  }),
  answered('no body by a length of nothing', ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], '200', {
    has: ['content-length: 0'],
  }),
  answered(
    'chunks one by one stay chunks',
    [IN_CHUNKS, '5\r\nhello\r\n', otherHears(/hello/), '0\r\n\r\n'],
    '200 hello',
    {
      has: ['transfer-encoding: chunked'],
      hasNot: ['content-length'],
    },
  ),
  answered('chunks that are whole at once get a length', [`${IN_CHUNKS}5\r\nhello\r\n0\r\n\r\n`], '200 hello', {
    has: ['content-length: 5', /^date: .* GMT$/],
    hasNot: ['transfer-encoding'],
  }),
  answered(
    'those that are whole and name trailers stay chunks',
    [`HTTP/1.1 200 OK\r\n${CHUNKED}\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    '200 hello',
    { has: ['transfer-encoding: chunked'], hasNot: ['content-length'] },
  ),
  answered(
    'bytes that come one by one are the same answer',
    [byteByByte(`${IN_CHUNKS}5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`)],
    '200 hello [x-sum: 1]',
  ),
  answered('extensions of chunks stay behind', [`${IN_CHUNKS}5;a="b"\r\nhello\r\n0\r\n\r\n`], '200 hello'),
  answered(
    'trailers pass, but for those that only a head may hold and the cloud’s own',
    [
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\n`,
      'X-Sum: abc\r\nSet-Cookie: a=1\r\nX-Call-Id: forged\r\nContent-Type: text/html\r\n\r\n',
    ],
    '200 hello [x-sum: abc]',
    { has: ['transfer-encoding: chunked', 'trailer: X-Sum'] },
  ),
  andCloses(
    answered(
      'without a length it ends with the function’s connection, and its caller keeps its own',
      ['HTTP/1.1 200 OK\r\n\r\npart one, ', otherHears(/one/), 'part two', CLOSES],
      '200 part one, part two',
      { has: ['transfer-encoding: chunked'] },
    ),
  ),
  andCloses(answered('of HTTP/1.0 as well', ['HTTP/1.0 200 OK\r\n\r\nold', CLOSES], '200 old')),
  andCloses(
    answered('HTTP/1.0 with a length is whole by it', ['HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold'], '200 old'),
  ),
  andCloses(
    answered(
      'Connection: close is between function and gateway alone',
      ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', CLOSES],
      '200 ok',
      { hasNot: ['close'] },
    ),
  ),
  answered(
    'nothing between two hops gets through, and nothing that the cloud says itself',
    [
      'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Secret\r\nKeep-Alive: timeout=5\r\nX-Secret: 1\r\n',
      'Proxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTE: trailers\r\n',
      'X-Call-Id: forged\r\nX-Kept: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
    ],
    '200 ok',
    {
      has: ['x-kept: 1', 'set-cookie: a=1', 'set-cookie: b=2', /^x-call-id: [0-9a-f-]{36}$/],
      hasNot: ['x-secret', 'proxy-connection', 'proxy-authenticate', 'upgrade', 'te'],
    },
  ),
  answered('204 has no body', ['HTTP/1.1 204 No Content\r\n\r\n'], '204', {
    hasNot: ['transfer-encoding', 'content-length'],
  }),
  answered(
    '304 has none, whatever length it names',
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
    '304',
    {
      has: ['content-length: 9'],
      hasNot: ['transfer-encoding'],
    },
  ),
  answered('304 with chunks has none', [`HTTP/1.1 304 Not Modified\r\n${CHUNKED}\r\n\r\n`], '304', {
    hasNot: ['transfer-encoding'],
  }),
  andCloses(answered('a body behind 204 reaches nobody', ['HTTP/1.1 204 No Content\r\n\r\nhello'], '204')),
  andCloses(
    answered(
      'a body behind 304 reaches nobody',
      ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'],
      '304',
    ),
  ),
  answered('a status that has no name passes', ['HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nok'], '299 ok'),
  answered('500 is an answer', ['HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno'], '500 no'),
  {
    ...answered(
      '102 and 103 pass',
      [
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
        otherHears(/103[\s\S]*a\.css/),
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      ],
      '',
    ),
    atCaller: { answers: ['102', '103', '200 ok'], connection: 'kept' },
  },
  answered(
    '100 stays behind, since the gateway says it',
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    '200 ok',
  ),
  {
    name: 'interim answers do not pass to a caller of HTTP/1.0',
    caller: [OLD],
    function: [
      HEARS_HEAD,
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ok'], connection: 'closed' },
  },
  {
    name: 'a caller of HTTP/1.0 gets chunks as one body that ends with its connection',
    caller: [OLD],
    function: [HEARS_HEAD, IN_CHUNKS, '5\r\nhello\r\n', otherHears(/hello/), '0\r\nX-Sum: 1\r\n\r\n'],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 hello'], hasNot: ['transfer-encoding', 'trailer'], connection: 'closed' },
  },
  {
    name: 'a caller of HTTP/1.0 with keep-alive too, where the length is not known',
    caller: [head('GET /hello HTTP/1.0', 'Connection: keep-alive')],
    function: [HEARS_HEAD, IN_CHUNKS, '5\r\nhello\r\n', otherHears(/hello/), '0\r\n\r\n'],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 hello'], hasNot: ['transfer-encoding'], connection: 'closed' },
  },
  andCloses(
    answered(
      'of two answers at once one is an answer',
      ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
      '200 ok',
    ),
  ),
  andCloses(
    answered('a byte behind an answer is nobody’s', ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokx'], '200 ok'),
  ),
  {
    name: 'a word of the function while nobody asks is nobody’s',
    caller: [GET],
    function: [
      HEARS_HEAD,
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      otherHears(/ok/),
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    ],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
]
