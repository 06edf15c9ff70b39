import { EVES_HOST, HEARS_HEAD, HOST, head, type Row } from './row.ts'

const passes = (method: string): Row => ({
  name: `${method} passes`,
  caller: [head(`${method} /hello/path?query=1`)],
  atFunction: { requests: [`${method} /path?query=1`], connection: 'kept' },
  atCaller: { answers: ['200 ok'], connection: 'kept' },
})

const refused = (name: string, bytes: string, status = 400): Row => ({
  name: `${name} is ${status}`,
  caller: [bytes],
  atFunction: 'nothing',
  atCaller: { answers: [new RegExp(`^${status}`)], connection: 'closed' },
})

/** Methods and first lines. */
export const methods: Row[] = [
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND', 'PURGE', 'M-SEARCH'].map(passes),
  {
    name: 'HEAD has the head of its GET and no body',
    caller: [head('HEAD /hello')],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-One: 1\r\n\r\n'],
    atFunction: { requests: ['HEAD /'], connection: 'kept' },
    atCaller: { answers: ['200'], has: ['content-length: 1000', 'x-one: 1'], connection: 'kept' },
  },
  {
    name: 'HEAD of an answer in chunks has no body either',
    caller: [head('HEAD /hello')],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    atFunction: { requests: ['HEAD /'], connection: 'kept' },
    atCaller: { answers: ['200'], connection: 'kept' },
  },
  {
    name: 'HEAD answered with a body is read without it, and the function’s connection goes',
    caller: [head('HEAD /hello')],
    function: [HEARS_HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    atFunction: { requests: ['HEAD /'], connection: 'closed' },
    atCaller: { answers: ['200'], has: ['content-length: 2'], connection: 'kept' },
  },
  {
    name: 'HEAD of what is not there is 404 without a body',
    caller: [head('HEAD /nothing')],
    atFunction: 'nothing',
    atCaller: { answers: ['404'], has: ['content-type: application/problem+json'], connection: 'kept' },
  },
  {
    name: 'TRACE is 405',
    caller: [head('TRACE /hello')],
    atFunction: 'nothing',
    atCaller: { answers: ['405 Method not allowed'], connection: 'closed' },
  },
  {
    name: 'CONNECT to a function’s host is 405, and no tunnel',
    caller: [`CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}:80\r\n\r\n`, head('GET /hello')],
    atFunction: 'nothing',
    atCaller: { answers: [/^405/], connection: 'closed' },
  },
  {
    name: 'the absolute form is the same request',
    caller: [head(`GET http://${HOST}/hello/x?y`)],
    atFunction: { requests: ['GET /x?y'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'OPTIONS * is of no function: 400',
    caller: [head('OPTIONS *')],
    atFunction: 'nothing',
    atCaller: { answers: ['400 Bad request'], connection: 'closed' },
  },
  {
    name: 'an empty line before a request is passed over',
    caller: [`\r\n${head('GET /hello')}`],
    atFunction: { requests: ['GET /'] },
    atCaller: { answers: ['200 ok'], connection: 'kept' },
  },
  {
    name: 'HTTP/1.0 is answered and its connection closed',
    caller: [head('GET /hello HTTP/1.0')],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ok'], hasNot: ['transfer-encoding'], connection: 'closed' },
  },
  {
    name: 'HTTP/1.0 with keep-alive is kept, where the answer has a length',
    caller: [head('GET /hello HTTP/1.0', 'Connection: keep-alive')],
    atFunction: { requests: ['GET /'], connection: 'kept' },
    atCaller: { answers: ['200 ok'], has: ['connection: keep-alive'], connection: 'kept' },
  },
  refused('an unknown method', head('SMUGGLE /hello')),
  refused('a method in lower case', head('get /hello')),
  refused('a target without a slash', head('GET hello')),
  refused('a space in the target', head('GET /hello /smuggled')),
  refused('a target of bytes that are no ASCII', head('GET /hello/caf\xc3\xa9')),
  refused('HTTP/2.0 in the first line', head('GET /hello HTTP/2.0')),
  refused('HTTP/1.2 in the first line', head('GET /hello HTTP/1.2')),
  refused('HTTP/0.9', 'GET /hello\r\n\r\n'),
  refused('the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused('TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('another host in the target', head(`GET http://${EVES_HOST}/hello`)),
  refused('a user in the target’s host', head(`GET http://ada@${HOST}/hello`)),
  refused('a target of another scheme', head(`GET ftp://${HOST}/hello`)),
  {
    name: 'HTTP/1.0 without Host is 400',
    caller: ['GET /hello HTTP/1.0\r\n\r\n'],
    atFunction: 'nothing',
    atCaller: { answers: ['400 Bad request'], connection: 'closed' },
  },
]
