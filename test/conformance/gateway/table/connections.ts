import { CLOSES, ENDS, HEARS_HEAD, head, hears, OK, otherHears, type Row, waits } from './row.ts'

const GET = head('GET /hello')
const get = (path: string, ...lines: string[]) => head(`GET /hello/${path}`, ...lines)
const many = Array.from({ length: 300 }, (_, i) => `/${i}`)

/** A function that answers with the path it was asked for, `slow` ones late: answers could overtake one another. */
const namesPath = (slowMs: number) => [
  HEARS_HEAD,
  async (side: import('./side.ts').Side) => {
    const path = /^GET (\S+)/.exec(side.heard)?.[1] ?? ''
    if (path === '/slow') await new Promise((resolve) => setTimeout(resolve, slowMs))
    side.socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
  },
]

/** What becomes of callers' connections: kept, in line, closed. */
export const connections: Row[] = [
  {
    name: 'two requests one after the other take one connection, at the function too',
    caller: [GET, hears(/ok$/), get('second')],
    atFunction: { requests: ['GET /', 'GET /second'], connection: 'kept' },
    atCaller: { answers: ['200 ok', '200 ok'], connection: 'kept' },
  },
  {
    name: 'Connection: close ends the caller’s connection, not the function’s',
    caller: [head('GET /hello', 'Connection: close')],
    atFunction: { requests: ['GET /'], has: ['connection: keep-alive'], connection: 'kept' },
    atCaller: { answers: ['200 ok'], has: ['connection: close'], connection: 'closed' },
  },
  {
    name: 'what stands behind Connection: close is no request',
    caller: [head('GET /hello', 'Connection: close') + get('second')],
    atFunction: { requests: ['GET /'] },
    atCaller: { answers: ['200 ok'], connection: 'closed' },
  },
  {
    name: 'pipelined requests are answered in order, whichever is ready first',
    caller: [get('slow') + get('soon') + get('slow') + get('last')],
    function: namesPath(100),
    atFunction: { requests: Array(4).fill(/^GET \/(slow|soon|last)$/) },
    atCaller: { answers: ['200 /slow', '200 /soon', '200 /slow', '200 /last'], connection: 'kept' },
  },
  {
    name: 'three hundred of them too',
    caller: [many.map((path) => get(path.slice(1))).join('')],
    function: namesPath(0),
    atFunction: { requests: Array(300).fill(/^GET \/\d+$/) },
    atCaller: { answers: many.map((path) => `200 ${path}`), connection: 'kept' },
  },
  {
    name: 'a body, and a request behind it',
    caller: [`${head('POST /hello', 'Content-Length: 5')}hello${get('second')}`],
    function: [HEARS_HEAD, hears(/hello|second/), OK],
    atFunction: { requests: [/^(POST \/ hello|GET \/second)$/, /^(POST \/ hello|GET \/second)$/] },
    atCaller: { answers: ['200 ok', '200 ok'], connection: 'kept' },
  },
  {
    name: 'a gateway’s own answer stands in line as well',
    caller: [get('slow') + head('GET /nothing') + get('last')],
    function: namesPath(100),
    atFunction: { requests: [/^GET/, /^GET/] },
    atCaller: { answers: ['200 /slow', '404 No such function', '200 /last'], connection: 'kept' },
  },
  {
    name: 'behind an answer that breaks off nothing is answered',
    caller: [get('first') + get('second')],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', otherHears(/half/), CLOSES],
    atFunction: { requests: ['GET /first', 'GET /second'], connection: 'closed' },
    atCaller: { answers: ['200 half…'], connection: 'closed' },
  },
  {
    name: 'behind a refusal nothing is a request',
    caller: [`${head('POST /hello', 'Content-Length: +5')}hello${get('smuggled')}`],
    atFunction: 'nothing',
    atCaller: { answers: [/^400/], connection: 'closed' },
  },
  {
    name: 'a request in order before a refusal is answered first',
    caller: [`${GET}${head('GET hello')}`],
    function: [HEARS_HEAD, waits(50), OK],
    atFunction: { requests: [/^GET \//] },
    atCaller: { answers: ['200 ok', /^400/], connection: 'closed' },
  },
  {
    name: 'a caller that says nothing and ends is let go',
    caller: [ENDS],
    atFunction: 'nothing',
    atCaller: { answers: [], connection: 'closed' },
  },
  {
    name: 'one that ends behind its answers is let go, and the function’s connection stays',
    caller: [GET, hears(/ok$/), ENDS],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ok'], connection: 'closed' },
  },
  {
    name: 'a function that closes its idle connection costs nobody anything',
    caller: [GET, hears(/ok$/), waits(50), head('POST /hello'), hears(/ok[\s\S]*ok$/)],
    function: [HEARS_HEAD, OK, waits(20), CLOSES],
    atFunction: { requests: ['GET /', 'POST /'], connection: 'closed' },
    atCaller: { answers: ['200 ok', '200 ok'], connection: 'kept' },
  },
]
