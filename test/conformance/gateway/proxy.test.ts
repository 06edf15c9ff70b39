import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute, type Seen } from './support/a-function.ts'
import { ask, exchangeRaw, HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** What caller and function each must see of a request. */
let world: GatewayWorld
let hello: AFunction
let other: AFunction
let special: AFunction

const seen = (body: string): Seen => JSON.parse(body)

beforeAll(async () => {
  hello = await aFunction()
  other = await aFunction()
  special = await aFunction((req, res) => {
    const url = new URL(req.url ?? '/', 'http://function')
    const behave = behaviours[url.pathname.slice(1)]
    if (behave) behave(req, res)
    else res.writeHead(500).end('no such behaviour')
  })
  world = await startWorld(
    { TRUSTED_PROXIES: '192.0.2.0/24', API_URL: `http://${other.address}` },
    {
      routes: [
        aRoute({ addresses: [hello.address], maxBodyBytes: 1000 }),
        aRoute({ tenant: 'eve', addresses: [other.address] }),
        aRoute({ function: 'special', addresses: [special.address], maxBodyBytes: 1e9 }),
        aRoute({ function: 'asleep', addresses: [] }),
      ],
    },
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  for (const one of [hello, other, special]) await one[Symbol.asyncDispose]()
})
beforeEach(() => {
  hello.seen.length = 0
  other.seen.length = 0
})

const behaviours: Record<
  string,
  (req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) => void
> = {
  hops: (_, res) =>
    res
      .writeHead(200, {
        connection: 'keep-alive, X-Secret',
        'x-secret': '1',
        'proxy-connection': 'keep-alive',
        'proxy-authenticate': 'Basic',
        'x-call-id': 'forged',
        'x-kept': '1',
        'set-cookie': ['a=1', 'b=2'],
      })
      .end('ok'),
  trailers: (_, res) => {
    res.writeHead(200, { trailer: 'x-checksum' })
    res.write('part one, ')
    setTimeout(() => {
      res.addTrailers({ 'x-checksum': 'abc' })
      res.end('part two')
    }, 20)
  },
  events: (req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    const timer = setInterval(() => res.write('data: tick\n\n'), 30)
    req.socket.on('close', () => clearInterval(timer))
  },
  hints: (_, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    setTimeout(() => res.end('after hints'), 30)
  },
  empty: (_, res) => res.writeHead(204).end(),
  unchanged: (_, res) => res.writeHead(304, { etag: '"1"' }).end(),
  early: (_, res) => res.writeHead(403, { 'content-length': '2' }).end('no'),
  large: (_, res) => res.end(Buffer.alloc(5_000_000, 'x')),
  echo: (req, res) => req.pipe(res),
  slow: (req, res) => setTimeout(() => req.resume().on('end', () => res.end('read')), 200),
}

describe('routing', () => {
  test.each([
    ['/hello', '/'],
    ['/hello/', '/'],
    ['/hello?a=1&b=%20', '/?a=1&b=%20'],
    ['/hello/deep/path?x=/y', '/deep/path?x=/y'],
    ['/function/hello', '/'],
    ['/function/hello/deep', '/deep'],
    ['/hello//double', '//double'],
    ['/hello/..%2fspecial', '/..%2fspecial'],
    ['/hello/../special', '/../special'],
    ['/hello/%zz', '/%zz'],
    ['/hello/;a=b:@!$', '/;a=b:@!$'],
  ])('%s reaches the function as %s', async (path, expected) => {
    const { status, body } = await ask({ port: world.port, path })
    expect([status, seen(body).url]).toEqual([200, expected])
  })

  test('bytes that are no ASCII pass in a header as they are, and are refused in a target', async () => {
    const head = (path: string, name: string) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nX-Name: ${name}\r\n\r\n`
    const { text } = await exchangeRaw(world.port, head('/hello', 'caf\xc3\xa9'))
    expect(text).toContain('200 OK')
    expect(hello.seen[0]?.headers['x-name']).toBe('caf\xc3\xa9')
    expect((await exchangeRaw(world.port, head('/hello/caf\xc3\xa9', 'cafe'))).text).toMatch(/^HTTP\/1\.1 400/)
  })

  test.each([HOST, `${HOST}:8080`, HOST.toUpperCase(), `${HOST}.`])('the host %s is the tenant’s', async (host) => {
    expect((await ask({ port: world.port, host })).status).toBe(200)
    expect(hello.seen).toHaveLength(1)
    expect(hello.seen[0]?.headers.host).toBe(host)
  })

  test('two tenants’ functions of one name are two functions', async () => {
    await ask({ port: world.port, host: 'eve.fn.localhost' })
    expect([hello.seen.length, other.seen.length]).toEqual([0, 1])
    await ask({ port: world.port })
    expect([hello.seen.length, other.seen.length]).toEqual([1, 1])
  })

  test('the absolute form is the same request', async () => {
    const { text } = await exchangeRaw(world.port, `GET http://${HOST}/hello/x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    expect(text).toContain('200 OK')
    expect(hello.seen[0]?.url).toBe('/x')
  })

  test.each([
    ['evil.example', '/hello'],
    ['evil.example', '/healthz'],
    ['evil.example', '/metrics'],
    ['127.0.0.1', '/healthz'],
    ['fn.localhost', '/hello'],
    ['xfn.localhost', '/hello'],
    ['ada.fn.localhost.evil.example', '/hello'],
    ['a.ada.fn.localhost', '/hello'],
    ['ada/hello.fn.localhost', '/x'],
    ['bob.fn.localhost', '/hello'],
    [HOST, '/'],
    [HOST, '/nothing'],
    [HOST, '/healthz'],
    [HOST, '/__proto__'],
    [HOST, '/function'],
    [HOST, '/function/'],
    [HOST, '/HELLO'],
    [HOST, '/%68ello'],
    [HOST, '/../eve/hello'],
    [HOST, '//hello'],
  ])('%s%s is 404 and tells of nothing that is there', async (host, path) => {
    const { status, body, headers } = await ask({ port: world.port, host, path })
    expect(status).toBe(404)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status: 404 })
    expect(body).not.toMatch(/eve|special|127\.0\.0\.1/)
    expect(hello.seen).toEqual([])
  })

  test('the console’s host leads to the api with its path as it is', async () => {
    const path = '/git/ada/shop.git/info/refs?service=git-upload-pack'
    const { body } = await ask({ port: world.port, host: 'console.localhost:8080', path })
    expect(seen(body)).toMatchObject({ url: path, headers: { host: 'console.localhost:8080' } })
  })
})

describe('methods and bodies', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND'])('%s passes', async (method) => {
    const { body } = await ask({ port: world.port, method })
    expect(seen(body).method).toBe(method)
  })

  test('HEAD has the headers of its GET and no body', async () => {
    const { status, headers, body } = await ask({ port: world.port, method: 'HEAD' })
    expect([status, body]).toEqual([200, ''])
    expect(headers['content-type']).toBe('application/json')
    expect((await ask({ port: world.port, method: 'HEAD', path: '/nothing' })).status).toBe(404)
  })

  test.each(['POST', 'PUT', 'DELETE', 'GET'])('a %s body of known length arrives with that length', async (method) => {
    const { body } = await ask({ port: world.port, method, body: 'hello', headers: { 'content-length': 5 } })
    expect(seen(body)).toMatchObject({ method, body: 'hello', headers: { 'content-length': '5' } })
  })

  test('a chunked body arrives chunked', async () => {
    const { body } = await ask({
      port: world.port,
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
      body: 'hello',
    })
    expect(seen(body)).toMatchObject({ body: 'hello', headers: { 'transfer-encoding': 'chunked' } })
  })

  test('an empty POST says so', async () => {
    const { body } = await ask({ port: world.port, method: 'POST', headers: { 'content-length': 0 } })
    expect(seen(body).headers['content-length']).toBe('0')
  })

  test('a body over the limit is 413, by its length at once and by its count on the way', async () => {
    const known = await ask({ port: world.port, method: 'POST', body: 'x'.repeat(2000) })
    expect(known.status).toBe(413)
    expect(JSON.parse(known.body)).toMatchObject({ function: 'hello.ada', detail: expect.stringContaining('1000') })
    const chunked = { 'transfer-encoding': 'chunked' }
    const counted = await ask({ port: world.port, method: 'POST', body: 'x'.repeat(2000), headers: chunked })
    expect(counted.status).toBe(413)
    expect(hello.seen).toEqual([])
    expect((await ask({ port: world.port, method: 'POST', body: 'x'.repeat(1000) })).status).toBe(200)
  })

  test('a connection serves on after a 413', async () => {
    const large = `POST /hello HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2000)}`
    const { text } = await exchangeRaw(world.port, `${large}GET /hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
  })

  test('Expect: 100-continue is answered when the function is there, and not before a refusal', async () => {
    const head = (path: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
    const socket = await openSocket(world.port)
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    socket.write(head('/hello', 5))
    await until(() => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), 'the gateway said 100')
    socket.write('hello')
    await until(() => text.includes('200 OK'), 'the function answered')
    socket.destroy()
    expect(hello.seen[0]).toMatchObject({ body: 'hello' })
    expect(hello.seen[0]?.names).not.toContain('expect')
    for (const refused of [head('/nothing', 5), head('/hello', 5000), head('/asleep', 5)]) {
      const answer = await exchangeRaw(world.port, refused)
      expect(answer.text).toMatch(/^HTTP\/1\.1 (404|413|503)/)
    }
  })

  test('an answer that comes before the body was read reaches the caller', async () => {
    const { status, body } = await ask({
      port: world.port,
      method: 'POST',
      path: '/special/early',
      body: Buffer.alloc(300_000),
    })
    expect([status, body]).toEqual([403, 'no'])
  })

  test.each([204, 304])('%i has no body and keeps the connection in step', async (status) => {
    const path = status === 204 ? '/special/empty' : '/special/unchanged'
    const twice = `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`.repeat(2)
    const { text } = await exchangeRaw(world.port, twice)
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual([`HTTP/1.1 ${status}`, `HTTP/1.1 ${status}`])
    expect(text.toLowerCase()).not.toContain('transfer-encoding')
  })

  test('an HTTP/1.0 caller gets an unchunked answer and the end by closing', async () => {
    const { text, closed } = await exchangeRaw(world.port, `GET /special/trailers HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`)
    expect(closed).toBe(true)
    expect(text).toContain('\r\n\r\npart one, part two')
    expect(text.toLowerCase()).not.toContain('transfer-encoding')
  })

  test('pipelined requests are answered in order', async () => {
    const requests = ['/special/slow', '/hello/second', '/nothing'].map(
      (path) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
    )
    const { text } = await exchangeRaw(world.port, requests.join(''), 800)
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404'])
    expect(text.indexOf('read')).toBeLessThan(text.indexOf('/second'))
  })
})

describe('streams', () => {
  test('trailers pass', async () => {
    const { body, trailers } = await ask({ port: world.port, path: '/special/trailers' })
    expect([body, trailers['x-checksum']]).toEqual(['part one, part two', 'abc'])
  })

  test('early hints pass', async () => {
    const req = httpRequest({ port: world.port, host: '127.0.0.1', path: '/special/hints', headers: { host: HOST } })
    const hinted = once(req, 'information')
    req.end()
    const [hint] = await hinted
    expect([hint.statusCode, hint.headers.link]).toEqual([103, '</style.css>; rel=preload'])
    const [res] = await once(req, 'response')
    res.resume()
  })

  test('server-sent events come one by one, and a caller that leaves is seen at the function', async () => {
    const req = httpRequest({
      port: world.port,
      host: '127.0.0.1',
      path: '/special/events',
      headers: { host: HOST },
    }).end()
    const [connection] = await once(special.server, 'request').then(([request]) => [request.socket])
    const [res] = await once(req, 'response')
    const [first] = await once(res, 'data')
    expect(String(first)).toBe('data: tick\n\n')
    const left = once(connection, 'close')
    req.destroy()
    await left
  })

  test('a body flows through in both directions at once', async () => {
    const req = httpRequest({
      port: world.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/special/echo',
      headers: { host: HOST },
    })
    req.write('ping')
    const [res] = await once(req, 'response')
    expect(String((await once(res, 'data'))[0])).toBe('ping')
    req.write('pong')
    expect(String((await once(res, 'data'))[0])).toBe('pong')
    req.end()
    await once(res, 'end')
  })

  test('a large body and a large answer arrive whole', async () => {
    const body = Buffer.alloc(8_000_000, 'abcdefgh')
    const echoed = await ask({ port: world.port, method: 'POST', path: '/special/echo', body })
    expect(echoed.body.length).toBe(body.length)
    expect(echoed.body === body.toString('latin1')).toBe(true)
  })

  test('a caller that reads slowly makes the function wait, and the gateway holds little of it', async () => {
    const chunk = Buffer.alloc(65_536, 'x')
    let written = 0
    behaviours.flood = (req, res) => {
      const more = () => {
        let isTaken = true
        while (isTaken && !req.socket.destroyed) {
          isTaken = res.write(chunk)
          written += chunk.length
        }
      }
      res.on('drain', more)
      more()
    }
    const socket = await openSocket(world.port)
    socket.pause()
    socket.write(`GET /special/flood HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    let before = -1
    await until(async () => {
      const isStill = written > 0 && written === before
      before = written
      await sleep(200)
      return isStill
    }, 'the function stopped writing')
    expect(written).toBeLessThan(40_000_000)
    const far = written
    socket.on('data', () => undefined).resume()
    await until(() => written > far * 2, 'the function goes on once the caller reads')
    socket.destroy()
  })

  test('a function that reads slowly makes the caller wait, and the gateway holds little of the body', async () => {
    let go: (() => void) | undefined
    behaviours.unread = (req, res) => {
      go = () => req.resume().on('end', () => res.end('read'))
    }
    const socket = await openSocket(world.port)
    socket.write(`POST /special/unread HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 500000000\r\n\r\nx`)
    await until(() => go !== undefined, 'the request is at the function')
    const chunk = Buffer.alloc(65_536, 'x')
    let sent = 0
    let isTaken = true
    while (isTaken && sent < 100_000_000) {
      isTaken = await Promise.race([
        new Promise<boolean>((done) => socket.write(chunk, () => done(true))),
        sleep(1_000, false),
      ])
      if (isTaken) sent += chunk.length
    }
    expect(sent).toBeLessThan(40_000_000)
    go?.()
    await until(() => socket.writableLength === 0, 'the rest is taken once the function reads')
    socket.destroy()
  })

  test('a caller that sends slowly is waited for, a caller that leaves half-way is seen', async () => {
    let wasAborted = false
    behaviours.upload = (req) => {
      req
        .on('error', () => undefined)
        .on('close', () => {
          wasAborted = !req.complete
        })
      req.resume()
    }
    const socket = await openSocket(world.port)
    socket.write(`POST /special/upload HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100\r\n\r\n`)
    for (let i = 0; i < 5; i += 1) {
      socket.write('x')
      await sleep(20)
    }
    expect(wasAborted).toBe(false)
    socket.destroy()
    await until(() => wasAborted, 'the function saw the caller leave')
  })

  test('a caller that closes its sending side is taken as gone, as nginx does', async () => {
    const socket = await openSocket(world.port)
    socket.end(`GET /special/slow HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    socket.resume()
    await once(socket, 'close')
    expect((await ask({ port: world.port })).status).toBe(200)
  })
})

describe('headers', () => {
  test('nothing hop-by-hop and nothing that the cloud says itself gets through from a caller', async () => {
    const forged = {
      connection: 'close, X-Named, x-also-named',
      'x-named': '1',
      'x-also-named': '1',
      'keep-alive': 'timeout=5',
      'proxy-connection': 'keep-alive',
      'proxy-authorization': 'Basic x',
      'proxy-authenticate': 'Basic',
      te: 'trailers',
      upgrade: 'foo',
      forwarded: 'for=1.1.1.1',
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '1',
      'x-forwarded-server': 'evil',
      'x-real-ip': '1.1.1.1',
      'x-start-time': '1',
      'x-duration-seconds': '1',
      'x-pushfn-tenant': 'eve',
      x_forwarded_for: '1.1.1.1',
      X_Real_IP: '1.1.1.1',
      'x-kept': '1',
      x_kept: '2',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }
    const { body } = await ask({ port: world.port, headers: forged })
    const { names, headers } = seen(body)
    expect(names.filter((name) => name !== 'connection').sort()).toEqual([
      'host',
      'traceparent',
      'x-call-id',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-kept',
      'x-start-time',
      'x_kept',
    ])
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': HOST,
      'x-forwarded-proto': 'http',
      connection: 'keep-alive',
      traceparent: forged.traceparent,
    })
    expect(headers['x-start-time']).toMatch(/^\d{19}$/)
  })

  test('a call has an id, the caller’s own when it can be one', async () => {
    const own = await ask({ port: world.port, headers: { 'x-call-id': 'mine-1' } })
    expect([own.headers['x-call-id'], seen(own.body).headers['x-call-id']]).toEqual(['mine-1', 'mine-1'])
    const given = await ask({ port: world.port, headers: { 'x-call-id': 'a b<script>' } })
    expect(given.headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen(given.body).headers['x-call-id']).toBe(given.headers['x-call-id'])
  })

  test('nothing hop-by-hop gets through from a function; cookies stay apart', async () => {
    const { headers } = await ask({ port: world.port, path: '/special/hops' })
    expect(headers).toMatchObject({ 'x-kept': '1', 'set-cookie': ['a=1', 'b=2'] })
    for (const name of ['x-secret', 'proxy-connection', 'proxy-authenticate']) expect(headers).not.toHaveProperty(name)
    expect(headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['x-duration-seconds']).toMatch(/^\d+\.\d{6}$/)
  })

  test('repeated fields arrive repeated', async () => {
    const { text } = await exchangeRaw(
      world.port,
      `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nX-Many: 1\r\nX-Many: 2\r\n\r\n`,
    )
    expect(text).toContain('200 OK')
    expect(hello.seen[0]?.names.filter((name) => name === 'x-many')).toHaveLength(2)
  })
})

describe('problems', () => {
  test('a function without a replica is 503 with Retry-After', async () => {
    const { status, headers, body } = await ask({ port: world.port, path: '/asleep' })
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(body)).toMatchObject({ function: 'asleep.ada', title: 'Function not running' })
  })

  test('a person at a terminal gets one line', async () => {
    const headers = { 'user-agent': 'curl/8.1', accept: '*/*' }
    const { headers: answered, body } = await ask({ port: world.port, path: '/asleep', headers })
    expect(answered['content-type']).toBe('text/plain; charset=utf-8')
    expect(body).toMatch(/^503 Function not running: asleep\.ada: .*\n$/)
  })

  test('TRACE and CONNECT are 405', async () => {
    expect((await ask({ port: world.port, method: 'TRACE' })).status).toBe(405)
    const { text } = await exchangeRaw(world.port, 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 405/)
  })
})

describe('what is measured', () => {
  const metrics = async () => (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()

  test('calls are counted under OpenFaaS’s names', async () => {
    await ask({ port: world.port })
    const text = await metrics()
    expect(text).toMatch(/gateway_function_invocation_total\{function_name="hello.ada",code="200",app="gateway"\} \d+/)
    expect(text).toMatch(
      /gateway_functions_seconds_bucket\{function_name="hello.ada",code="200",le="\+Inf",app="gateway"\} \d+/,
    )
    expect(text).toMatch(/gateway_function_invocation_inflight\{function_name="hello.ada",app="gateway"\} 0/)
    expect(text).toMatch(/gateway_service_count\{function_name="hello.ada",app="gateway"\} 1/)
  })

  test('however many names are tried, the series stay as many as there are functions', async () => {
    const lines = async () => (await metrics()).split('\n').filter((line) => line.startsWith('gateway_')).length
    await ask({ port: world.port, path: '/tried' })
    const before = await lines()
    for (let i = 0; i < 50; i += 1) await ask({ port: world.port, path: `/tried-${i}`, host: `h${i}.fn.localhost` })
    expect(await lines()).toBe(before)
  })

  test('health and metrics are on the admin port', async () => {
    for (const path of ['/healthz', '/readyz']) {
      expect((await fetch(`http://127.0.0.1:${world.adminPort}${path}`)).status).toBe(200)
    }
  })
})
