import {
  CHUNKED,
  CLOSES,
  ENDS,
  HEARS_HEAD,
  head,
  hears,
  LEAVES,
  otherHears,
  type Row,
  SWITCHED,
  WEBSOCKET,
  waits,
} from './row.ts'

const UPGRADE = head('GET /hello/chat?room=1', ...WEBSOCKET)

/** What is asked for is no WebSocket, or could not be one: it is a request like any other, and nothing of an upgrade goes on. */
const plain = (name: string, ...caller: string[]): Row => ({
  name: `${name} is a request like any other`,
  caller,
  atFunction: { requests: [/^POST/.test(caller[0] ?? '') ? 'POST / hello' : 'GET /'], hasNot: ['upgrade'] },
  atCaller: { answers: ['200 ok'], connection: 'kept' },
})

const refused = (name: string, row: Partial<Row>, path: string, problem: string): Row => ({
  ...row,
  name: `an upgrade to ${name} is ${problem}, and nothing behind it is a request`,
  caller: [head(`GET ${path}`, ...WEBSOCKET), head('GET /hello/smuggled')],
  atFunction: 'nothing',
  atCaller: { answers: [problem], connection: 'closed' },
})

/** WebSocket, and what is none. */
export const upgrades: Row[] = [
  {
    name: 'an upgrade becomes a tunnel; what was sent too early arrives',
    caller: [`${UPGRADE}early`, hears(/welcome/), ' later', hears(/bye$/)],
    function: [
      HEARS_HEAD,
      `${SWITCHED.replace('Upgrade\r\n', 'Upgrade, X-Hop\r\nX-Hop: 1\r\n')}welcome`,
      hears(/early later$/),
      ' bye',
      CLOSES,
    ],
    atFunction: {
      requests: ['GET /chat?room=1', 'early later…'],
      has: [
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
        'x-forwarded-for: 127.0.0.1',
      ],
    },
    atCaller: {
      answers: ['101 welcome bye'],
      has: ['connection: upgrade', 'upgrade: websocket', /^x-call-id: /],
      hasNot: ['x-hop'],
      connection: 'closed',
    },
  },
  {
    name: 'a refusal is an answer, and nothing behind it is a request',
    caller: [UPGRADE, hears(/no$/), head('GET /hello/smuggled')],
    function: [HEARS_HEAD, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'kept' },
    atCaller: { answers: ['403 no'], connection: 'closed' },
  },
  refused('nothing', {}, '/nothing', '404 No such function'),
  refused('a sleeping function', { replicas: 0 }, '/hello', '503 Function not running'),
  refused('an unreachable function', { replicas: 0, dead: 1 }, '/hello', '502 Function unreachable'),
  {
    name: 'to something else than was asked for it is 502',
    caller: [UPGRADE],
    function: [HEARS_HEAD, 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: ['502 Function failed'], connection: 'closed' },
  },
  {
    name: 'a 101 that does not name what it switches to is 502',
    caller: [UPGRADE],
    function: [HEARS_HEAD, 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: ['502 Function failed'], connection: 'closed' },
  },
  plain('h2c', head('GET /hello', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAAB')),
  plain('an upgrade to TLS', head('GET /hello', 'Connection: Upgrade', 'Upgrade: TLS/1.0')),
  plain('Upgrade that Connection does not name', head('GET /hello', 'Upgrade: websocket')),
  plain('a POST that would upgrade', `${head('POST /hello', ...WEBSOCKET, 'Content-Length: 5')}hello`),
  plain('one in chunks that would upgrade', `${head('POST /hello', ...WEBSOCKET, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`),
  {
    name: 'a caller that says no more is half of a tunnel: the function hears the end and may go on',
    caller: [UPGRADE, hears(/welcome/), 'last word', ENDS],
    function: [HEARS_HEAD, `${SWITCHED}welcome`, hears(/last word/), (side) => side.until(() => side.hasEnded), ' bye'],
    atFunction: { requests: ['GET /chat?room=1', 'last word…'], connection: 'closed' },
    atCaller: { answers: ['101 welcome bye'], connection: 'closed' },
  },
  {
    name: 'a function that says no more ends the tunnel, and what it said arrives',
    caller: [UPGRADE],
    function: [HEARS_HEAD, `${SWITCHED}welcome and bye`, ENDS],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: ['101 welcome and bye'], connection: 'closed' },
  },
  {
    name: 'a caller that is gone is gone at the function',
    caller: [UPGRADE, hears(/101/), LEAVES],
    function: [HEARS_HEAD, SWITCHED],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: ['101'], connection: 'left' },
  },
  {
    name: 'a function that is gone is gone at the caller',
    caller: [UPGRADE],
    function: [HEARS_HEAD, `${SWITCHED}welcome`, otherHears(/welcome/), LEAVES],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: ['101 welcome'], connection: 'closed' },
  },
  {
    name: 'a caller that leaves before the function has decided is gone there',
    caller: [UPGRADE, otherHears(/\r\n\r\n$/), LEAVES],
    function: [HEARS_HEAD],
    atFunction: { requests: ['GET /chat?room=1'], connection: 'closed' },
    atCaller: { answers: [], connection: 'left' },
  },
  {
    name: 'a tunnel in which nothing moves is cut, one in which something does is not',
    policy: { idleTimeoutMs: 300 },
    caller: [UPGRADE, hears(/101/), ...Array.from({ length: 6 }, () => ['.', waits(100)]).flat()],
    function: [HEARS_HEAD, SWITCHED],
    atFunction: { requests: ['GET /chat?room=1', '......…'], connection: 'closed' },
    atCaller: { answers: ['101'], connection: 'closed' },
  },
  {
    name: 'a tunnel that lasts beyond its time is cut though it moves',
    policy: { answerTimeoutMs: 300 },
    caller: [UPGRADE, hears(/101/), ...Array.from({ length: 20 }, () => ['.', waits(50)]).flat()],
    function: [HEARS_HEAD, SWITCHED],
    atFunction: { requests: ['GET /chat?room=1', /^\.{2,15}…$/], connection: 'closed' },
    atCaller: { answers: ['101'], connection: 'closed' },
  },
]
