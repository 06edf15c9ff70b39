import { CHUNKED, CLOSES, ENDS, HEARS_HEAD, head, hears, LEAVES, OK, otherHears, type Row, waits } from './row.ts'
import type { Step } from './side.ts'

const GET = head('GET /hello')
const POST = head('POST /hello', 'Content-Length: 10')
const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'
const HALF_IN_CHUNKS = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n4\r\nhalf\r\n`

/** The caller goes at some moment; the function's connection goes with it, and nobody is answered. */
const callerGoes = (name: string, caller: Step[], requests: string[], more: Partial<Row> = {}): Row => ({
  name: `the caller is gone ${name}`,
  caller,
  function: [HEARS_HEAD],
  atFunction: requests.length === 0 ? 'nothing' : { requests, connection: 'closed' },
  atCaller: { answers: [], connection: 'left' },
  ...more,
})

/** The function goes at some moment, on each of its connections. */
const functionGoes = (name: string, caller: string, steps: Step[], asked: number): Row => ({
  name: `the function is gone ${name}: asked ${asked === 1 ? 'once' : `${asked} times`}`,
  caller: [caller],
  function: steps,
  atFunction: { requests: Array(asked).fill(/^(GET|POST|PUT|DELETE) \//), connection: 'closed' },
  atCaller: { answers: ['502 Function failed'], connection: 'kept' },
})

const functionCuts = (name: string, begin: string, end: Step): Row => ({
  name: `the function is gone ${name}: the answer breaks off, and is not asked for again`,
  caller: [GET],
  function: [HEARS_HEAD, begin, otherHears(/half/), end],
  atFunction: { requests: ['GET /'], connection: 'closed' },
  atCaller: { answers: ['200 half…'], connection: 'closed' },
})

const noAnswerOf = (method: string, times: number): Row =>
  functionGoes(`before it answers a ${method}`, head(`${method} /hello`), [HEARS_HEAD, LEAVES], times)

/** Either side leaves, at each moment. */
export const aborts: Row[] = [
  callerGoes('in the midst of its head', [GET.slice(0, 30), waits(20), LEAVES], []),
  callerGoes('while the function works', [GET, otherHears(/\r\n\r\n/), LEAVES], ['GET /']),
  callerGoes('in good order while the function works', [GET, otherHears(/\r\n\r\n/), CLOSES], ['GET /']),
  callerGoes('in the midst of its body', [`${POST}half`, otherHears(/half/), LEAVES], ['POST / half…']),
  callerGoes(
    'in the midst of a chunk',
    [`${head('POST /hello', CHUNKED)}a\r\nhalf`, otherHears(/half/), LEAVES],
    ['POST / half…'],
  ),
  callerGoes(
    'between two chunks',
    [`${head('POST /hello', CHUNKED)}4\r\nhalf\r\n`, otherHears(/half/), LEAVES],
    ['POST / half…'],
  ),
  callerGoes('behind its body', [`${POST}0123456789`, otherHears(/789$/), LEAVES], ['POST / 0123456789']),
  callerGoes('in the midst of the answer', [GET, hears(/half/), LEAVES], ['GET /'], {
    function: [HEARS_HEAD, HALF],
    atCaller: { answers: ['200 half…'], connection: 'left' },
  }),
  callerGoes(
    'with the first of two requests under way',
    [GET + head('GET /hello/second'), otherHears(/\r\n\r\n/), LEAVES],
    ['GET /', 'GET /second'],
  ),
  callerGoes('while it is held', [GET, waits(50), LEAVES], [], {
    replicas: 0,
    policy: { hold: { calls: 1, ms: 20_000 } },
  }),
  {
    name: 'a caller that says no more before it is answered is taken as gone, as nginx does',
    caller: [GET, otherHears(/\r\n\r\n/), ENDS],
    function: [HEARS_HEAD],
    atFunction: { requests: ['GET /'], connection: 'closed' },
    atCaller: { answers: [], connection: 'closed' },
  },
  {
    name: 'a replica that nobody listens for is passed by, for a POST too',
    dead: 1,
    caller: [`${POST}0123456789`],
    atFunction: { requests: ['POST / 0123456789'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'where nobody listens it is 502, and the body is read off',
    replicas: 0,
    dead: 2,
    caller: [`${POST}0123456789`],
    atFunction: 'nothing',
    atCaller: { answers: ['502 Function unreachable'], connection: 'kept' },
  },
  noAnswerOf('GET', 3),
  noAnswerOf('PUT', 3),
  noAnswerOf('DELETE', 3),
  noAnswerOf('POST', 1),
  functionGoes('in good order before it answers a GET', GET, [HEARS_HEAD, CLOSES], 3),
  functionGoes('in good order before it answers a POST', head('POST /hello'), [HEARS_HEAD, CLOSES], 1),
  functionGoes(
    'before it answers a PUT with a body',
    `${head('PUT /hello', 'Content-Length: 1')}x`,
    [hears(/x$/), LEAVES],
    1,
  ),
  functionGoes('in the midst of the first line', GET, [HEARS_HEAD, 'HTTP/1', waits(20), LEAVES], 1),
  functionGoes('in the midst of its head', GET, [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nX-O', waits(20), LEAVES], 1),
  functionGoes('behind an interim answer', GET, [HEARS_HEAD, 'HTTP/1.1 100 Continue\r\n\r\n', waits(20), LEAVES], 1),
  {
    name: 'a GET that was lost is asked once more, and answered',
    caller: [GET],
    function: [
      [HEARS_HEAD, LEAVES],
      [HEARS_HEAD, OK],
    ],
    atFunction: { requests: ['GET /', 'GET /'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'the function is gone in the midst of the body: 502, and the rest is read off',
    caller: [`${POST}half`, hears(/502/), ' rest.'],
    function: [hears(/half/), LEAVES],
    atFunction: { requests: ['POST / half…'], connection: 'closed' },
    atCaller: { answers: ['502 Function failed'], connection: 'kept' },
  },
  functionCuts('in the midst of its answer', HALF, LEAVES),
  functionCuts('in good order in the midst of its answer', HALF, CLOSES),
  functionCuts('between two chunks', HALF_IN_CHUNKS, LEAVES),
  functionCuts('in good order between two chunks', HALF_IN_CHUNKS, CLOSES),
  functionCuts('in the midst of an answer without a length', 'HTTP/1.1 200 OK\r\n\r\nhalf', LEAVES),
  {
    name: 'an answer, and gone before the body has come: the caller is answered, and the rest is read off',
    caller: [`${POST}half`, hears(/no$/), ' rest.'],
    function: [hears(/half/), 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', CLOSES],
    atFunction: { requests: ['POST / half…'], connection: 'closed' },
    atCaller: { answers: ['403 no'], connection: 'kept' },
  },
]
