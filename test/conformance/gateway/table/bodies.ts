import { byteByByte, CHUNKED, ENDS, HEARS_HEAD, head, hears, OK, otherHears, type Row, waits } from './row.ts'

const ofLength = (method: string): Row => ({
  name: `a ${method} body arrives with its length`,
  caller: [`${head(`${method} /hello`, 'Content-Length: 5')}hello`],
  atFunction: { requests: [`${method} / hello`], has: ['content-length: 5'], hasNot: ['transfer-encoding'] },
  atCaller: { answers: ['200 ok'], connection: 'kept' },
})

const EXPECTING = head('POST /hello', 'Expect: 100-continue', 'Content-Length: 5')
const chunked = (...lines: string[]) => head('POST /hello', CHUNKED, ...lines)
const small = { maxBodyBytes: 10 }

/** A refusal before which nothing of the body is asked for. */
const unexpected = (
  name: string,
  row: Pick<Row, 'policy' | 'replicas' | 'dead'>,
  start: string,
  problem: string,
): Row => ({
  ...row,
  name: `${name} is ${problem} without 100 Continue`,
  caller: [start],
  atFunction: 'nothing',
  atCaller: { answers: [problem], connection: 'closed' },
})

/** Bodies of requests. */
export const bodies: Row[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS'].map(ofLength),
  {
    name: 'an empty body says so',
    caller: [head('POST /hello', 'Content-Length: 0')],
    atFunction: { requests: ['POST /'], has: ['content-length: 0'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a POST without any sign of a body has none',
    caller: [head('POST /hello')],
    atFunction: { requests: ['POST /'], hasNot: ['content-length', 'transfer-encoding'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a body in chunks arrives in chunks',
    caller: [`${chunked()}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`],
    atFunction: { requests: ['POST / hello world'], has: ['transfer-encoding: chunked'], hasNot: ['content-length'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'an empty body in chunks is one',
    caller: [`${chunked()}0\r\n\r\n`],
    atFunction: { requests: ['POST /'], has: ['transfer-encoding: chunked'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'chunks that come byte by byte are the same body',
    caller: [byteByByte('5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n')].flatMap((slowly) => [chunked(), slowly]),
    atFunction: { requests: ['POST / hello [x-sum: 1]'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'extensions of chunks stay behind',
    caller: [`${chunked()}5;a=1;b="2"\r\nhello\r\n0;last\r\n\r\n`],
    atFunction: { requests: ['POST / hello'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'Transfer-Encoding in any case is the same',
    caller: [`${head('POST /hello', 'transfer-ENCODING: Chunked')}5\r\nhello\r\n0\r\n\r\n`],
    atFunction: { requests: ['POST / hello'], has: ['transfer-encoding: chunked'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'trailers pass, but for those that only a head may hold',
    caller: [
      `${chunked('Trailer: X-Sum')}5\r\nhello\r\n0\r\n`,
      'X-Sum: abc\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 1.1.1.1\r\nHost: x\r\n\r\n',
    ],
    atFunction: { requests: ['POST / hello [x-sum: abc]'], has: ['trailer: X-Sum'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'the head is there before a byte of the body, and an answer before its end',
    caller: [head('POST /hello', 'Content-Length: 5'), hears(/no$/), 'hello'],
    function: [HEARS_HEAD, 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'],
    atFunction: { requests: ['POST /…'], connection: 'closed' },
    atCaller: { answers: ['401 no'], connection: 'kept' },
  },
  {
    name: 'a body and its answer flow at once',
    caller: [chunked(), '4\r\nping\r\n', hears(/ping/), '4\r\npong\r\n0\r\n\r\n'],
    function: [
      hears(/ping/),
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n',
      hears(/pong\r\n0\r\n\r\n/),
      '4\r\npong\r\n0\r\n\r\n',
    ],
    atFunction: { requests: ['POST / pingpong'], connection: 'kept' },
    atCaller: { answers: ['200 pingpong'], connection: 'kept' },
  },
  {
    name: 'Expect: 100-continue is answered once the head is at the function, and stays behind',
    caller: [EXPECTING, hears(/^HTTP\/1\.1 100 Continue\r\n\r\n$/), otherHears(/\r\n\r\n$/), 'hello'],
    atFunction: { requests: ['POST / hello'], hasNot: ['expect'] },
    atCaller: { answers: ['100', '200 ok'], connection: 'kept' },
  },
  {
    name: 'who expects and does not wait is served as well',
    caller: [`${EXPECTING}hello`],
    atFunction: { requests: ['POST / hello'], hasNot: ['expect'] },
    atCaller: { answers: ['100', '200 ok'], connection: 'kept' },
  },
  {
    name: 'Expect: 100-continue with chunks',
    caller: [chunked('Expect: 100-Continue'), hears(/100 Continue/), '5\r\nhello\r\n0\r\n\r\n'],
    atFunction: { requests: ['POST / hello'] },
    atCaller: { answers: ['100', '200 ok'], connection: 'kept' },
  },
  {
    name: 'Expect: 100-continue without a body waits for nothing',
    caller: [head('GET /hello', 'Expect: 100-continue')],
    atFunction: { requests: ['GET /'], hasNot: ['expect'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a function that says 100 itself does not say it twice',
    caller: [EXPECTING, hears(/100 Continue/), 'hello'],
    function: [HEARS_HEAD, 'HTTP/1.1 100 Continue\r\n\r\n', hears(/hello$/), OK],
    atFunction: { requests: ['POST / hello'], connection: 'kept' },
    atCaller: { answers: ['100', '200 ok'], connection: 'kept' },
  },
  unexpected(
    'what is not there',
    {},
    head('POST /nothing', 'Expect: 100-continue', 'Content-Length: 5'),
    '404 No such function',
  ),
  unexpected('a sleeping function', { replicas: 0 }, EXPECTING, '503 Function not running'),
  unexpected('a body that is too large', { policy: { maxBodyBytes: 4 } }, EXPECTING, '413 Body too large'),
  unexpected('an unreachable function', { replicas: 0, dead: 1 }, EXPECTING, '502 Function unreachable'),
  {
    name: 'any other expectation is 417',
    caller: [head('GET /hello', 'Expect: the-best')],
    atFunction: 'nothing',
    atCaller: { answers: ['417 Expectation failed'], connection: 'kept' },
  },
  {
    name: 'a body of the most bytes there may be passes',
    policy: small,
    caller: [`${head('POST /hello', 'Content-Length: 10')}0123456789`],
    atFunction: { requests: ['POST / 0123456789'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'one that says it is larger is 413 at once, and the next request is served',
    policy: small,
    caller: [`${head('POST /hello', 'Content-Length: 11')}01234567890`],
    atFunction: 'nothing',
    atCaller: { answers: ['413 Body too large'], connection: 'kept' },
  },
  {
    name: 'one that turns out to be larger is 413 when it does, and breaks off at the function',
    policy: small,
    caller: [chunked(), '8\r\n01234567\r\n', otherHears(/01234567/), '3\r\n890\r\n', hears(/413/), '0\r\n\r\n'],
    function: [hears(/8\r\n01234567\r\n/)],
    atFunction: { requests: ['POST / 01234567…'], connection: 'closed' },
    atCaller: { answers: ['413 Body too large'], connection: 'kept' },
  },
  {
    name: 'a caller that goes on and on after its 413 is cut',
    policy: small,
    caller: [head('POST /hello', 'Content-Length: 1000'), hears(/413/), 'x', waits(300), 'x'],
    atFunction: 'nothing',
    atCaller: { answers: ['413 Body too large'], connection: 'closed' },
  },
  {
    name: 'a body without a route is read off, and the next request is served',
    caller: [`${head('POST /nothing', 'Content-Length: 5')}hello`],
    atFunction: 'nothing',
    atCaller: { answers: ['404 No such function'], connection: 'kept' },
  },
  {
    name: 'a body that the caller breaks off in good order breaks off at the function',
    caller: [`${head('POST /hello', 'Content-Length: 10')}half`, otherHears(/half/), ENDS],
    function: [hears(/half/)],
    atFunction: { requests: ['POST / half…'], connection: 'closed' },
    atCaller: { answers: [/^400/], connection: 'closed' },
  },
]
