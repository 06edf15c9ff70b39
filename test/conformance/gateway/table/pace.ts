import {
  byteByByte,
  CHUNKED,
  floods,
  HEARS_HEAD,
  head,
  hears,
  OK,
  otherHears,
  READS_ON,
  type Row,
  STOPS_READING,
  SWITCHED,
  says,
  WEBSOCKET,
  waits,
} from './row.ts'
import type { Step } from './side.ts'

const GET = head('GET /hello')
const IN_CHUNKS = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n`
const HUGE = 100_000_000
/** What two connections' buffers of the system take on the way, and a little that is the gateway's. */
const BUFFERS = 40_000_000

/** All of it, though there is too much to keep. */
const hearsBytes =
  (bytes: number): Step =>
  (side) =>
    side.until(() => side.heardBytes >= bytes)

const brief = { idleTimeoutMs: 300, responseTimeoutMs: 300 }
const dots = (count: number, text = '.'): Step[] => Array.from({ length: count }, () => [text, waits(100)]).flat()

/** Slow readers and slow writers, and the ends of patience. */
export const pace: Row[] = [
  {
    name: 'a head that comes byte by byte is a head',
    caller: [byteByByte(GET)],
    atFunction: { requests: ['GET /'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a head that does not end is 408',
    caller: [GET.slice(0, -2)],
    atFunction: 'nothing',
    atCaller: { answers: [/^408/], connection: 'closed' },
  },
  {
    name: 'a head that goes on and on is 408 all the same',
    caller: [GET.slice(0, -2), ...dots(40, 'X-One: 1\r\n')],
    atFunction: 'nothing',
    atCaller: { answers: [/^408/], connection: 'closed' },
  },
  {
    name: 'a body may take its time as long as it moves',
    policy: brief,
    caller: [head('POST /hello', 'Content-Length: 8'), ...dots(8)],
    atFunction: { requests: ['POST / ........'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a body that stops is 408, and breaks off at the function',
    policy: brief,
    caller: [`${head('POST /hello', 'Content-Length: 10')}half`],
    atFunction: { requests: ['POST / half…'], connection: 'closed' },
    atCaller: { answers: ['408 Request timed out'], connection: 'closed' },
  },
  {
    name: 'an answer may take its time as long as it moves',
    policy: brief,
    caller: [GET],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n', ...dots(8)],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ........'], connection: 'kept' },
  },
  {
    name: 'an answer that does not begin is 504',
    policy: brief,
    caller: [GET],
    function: [HEARS_HEAD],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: ['504 Function timed out'], connection: 'kept' },
  },
  {
    name: 'interim answers are no beginning: 504',
    policy: brief,
    caller: [GET],
    function: [HEARS_HEAD, ...dots(8, 'HTTP/1.1 100 Continue\r\n\r\n')],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: ['504 Function timed out'], connection: 'kept' },
  },
  {
    name: 'the time to answer begins with the last byte of the request',
    policy: { responseTimeoutMs: 300 },
    caller: [head('POST /hello', 'Content-Length: 6'), ...dots(6)],
    function: [hears(/\.{6}/), waits(100), OK],
    atFunction: { requests: ['POST / ......'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a POST that was not answered in time is not sent again',
    policy: brief,
    replicas: 2,
    caller: [`${head('POST /hello', 'Content-Length: 2')}hi`],
    function: [HEARS_HEAD],
    atFunction: { requests: ['POST / hi'], connection: 'closed' },
    atCaller: { answers: ['504 Function timed out'], connection: 'kept' },
  },
  {
    name: 'a head that stops half-way is 504',
    policy: brief,
    caller: [GET],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nX-On'],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: ['504 Function timed out'], connection: 'kept' },
  },
  {
    name: 'an answer that stops half-way breaks off',
    policy: brief,
    caller: [GET],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: ['200 half…'], connection: 'closed' },
  },
  {
    name: 'an answer that lasts beyond its time breaks off though it moves',
    policy: { answerTimeoutMs: 300 },
    caller: [GET],
    function: [HEARS_HEAD, IN_CHUNKS, ...dots(20, '1\r\n.\r\n')],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: [/^200 \.{2,10}…$/], connection: 'closed' },
  },
  {
    name: 'an answer within its time is whole, and the next on its connection has its own',
    policy: { answerTimeoutMs: 1_000 },
    caller: [GET, hears(/\.{6}$/), GET, hears(/:{6}$/)],
    function: [
      HEARS_HEAD,
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n',
      ...dots(6),
      hears(/\r\n\r\n[\s\S]*\r\n\r\n/),
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n',
      ...dots(6, ':'),
    ],
    atFunction: { requests: ['GET /', 'GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ......', '200 ::::::'], connection: 'kept' },
  },
  {
    name: 'the time of an answer does not count what came before it',
    policy: { answerTimeoutMs: 300 },
    caller: [head('POST /hello', 'Content-Length: 6'), ...dots(6)],
    function: [hears(/\.{6}/), waits(400), OK],
    atFunction: { requests: ['POST / ......'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'a caller that does not read makes the function wait, and the gateway holds little of it',
    caller: [STOPS_READING, GET, waits(3_000), READS_ON, hearsBytes(HUGE)],
    function: [HEARS_HEAD, `HTTP/1.1 200 OK\r\nContent-Length: ${HUGE}\r\n\r\n`, floods(BUFFERS), says(HUGE)],
    atFunction: { requests: ['GET /'] },
    atCaller: { answers: [/^200 x+/], connection: 'left' },
  },
  {
    name: 'a function that does not read makes the caller wait, and the gateway holds little of it',
    policy: { maxBodyBytes: HUGE },
    caller: [head('POST /hello', `Content-Length: ${HUGE}`), floods(BUFFERS), says(HUGE), hears(/\r\n\r\nok/)],
    function: [STOPS_READING, waits(3_000), READS_ON, hearsBytes(HUGE), OK],
    atFunction: { requests: [/^POST \/ x+/] },
    atCaller: { answers: ['200 ok', /^400/], connection: 'closed' },
  },
  {
    name: 'in a tunnel a caller that does not read makes the function wait',
    caller: [head('GET /hello', ...WEBSOCKET), hears(/101/), STOPS_READING, waits(3_000), READS_ON, hearsBytes(HUGE)],
    function: [HEARS_HEAD, SWITCHED, floods(BUFFERS), says(HUGE)],
    atFunction: { requests: ['GET /'] },
    atCaller: { answers: [/^101 x+/], connection: 'left' },
  },
  {
    name: 'in a tunnel a function that does not read makes the caller wait',
    caller: [head('GET /hello', ...WEBSOCKET), hears(/101/), floods(BUFFERS), says(HUGE), hears(/all$/)],
    function: [HEARS_HEAD, SWITCHED, STOPS_READING, waits(3_000), READS_ON, hearsBytes(HUGE), 'all'],
    atFunction: { requests: ['GET /', /^x+/] },
    atCaller: { answers: ['101 all'], connection: 'left' },
  },
  {
    name: 'a caller that never reads is cut, and the function with it',
    policy: brief,
    caller: [
      GET,
      hears(/200 OK/),
      STOPS_READING,
      (side) => side.other()?.until(() => side.other()?.isClosed === true),
      READS_ON,
    ],
    function: [HEARS_HEAD, `HTTP/1.1 200 OK\r\nContent-Length: ${HUGE}\r\n\r\n`, says(HUGE)],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: [/^200.*…$/], connection: 'closed' },
  },
  {
    name: 'a function that never reads is 504',
    policy: { ...brief, maxBodyBytes: HUGE },
    caller: [head('POST /hello', `Content-Length: ${HUGE}`), says(HUGE), hears(/504/)],
    function: [STOPS_READING, otherHears(/504/), READS_ON],
    atFunction: { requests: [/^POST \/( x+)?…$/], connection: 'closed' },
    atCaller: { answers: ['504 Function timed out'], connection: 'left' },
  },
]
