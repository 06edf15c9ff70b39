import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aFunction, aRawFunction, aRoute } from './support/a-function.ts'
import { exchangeRaw, HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** What passes on the wire to a function, byte by byte where it matters. */
let world: GatewayWorld

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** A function that collects what it is sent and says nothing by itself. */
const aListener = async (name: string, policy: Parameters<typeof aRoute>[0] = {}) => {
  let text = ''
  let socket: import('node:net').Socket | undefined
  const listener = await aRawFunction((connected) => {
    socket = connected
    connected.on('data', (data) => {
      text += data.toString('latin1')
    })
  })
  await world.publish({ put: [aRoute({ function: name, addresses: [listener.address], ...policy })] })
  return {
    text: () => text,
    say: (answer: string) => socket?.write(answer),
    [Symbol.asyncDispose]: listener[Symbol.asyncDispose],
  }
}

test('the head reaches the function before the caller has sent a byte of the body', async () => {
  await using listener = await aListener('early')
  const socket = await openSocket(world.port)
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.write(`POST /early HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100\r\n\r\n`)
  await until(() => listener.text().endsWith('\r\n\r\n'), 'the head is there')
  listener.say('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno')
  await until(() => answer.endsWith('no'), 'the answer came before the body')
  expect(answer).toMatch(/^HTTP\/1\.1 401/)
  socket.destroy()
})

test('a chunked body keeps its bytes and its trailers, but for those that only a head may hold', async () => {
  await using listener = await aListener('trailers')
  const trailers = 'X-Sum: abc\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 1.1.1.1\r\n'
  const body = `5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\n${trailers}\r\n`
  const head = `POST /trailers HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n`
  const socket = await openSocket(world.port)
  socket.write(head + body)
  await until(() => listener.text().endsWith('0\r\nX-Sum: abc\r\n\r\n'), 'the trailers are there')
  const [seenHead, seenBody] = listener.text().split(/(?<=\r\n)\r\n/)
  expect(seenHead?.toLowerCase()).toContain('transfer-encoding: chunked\r\ntrailer: x-sum\r\n')
  expect(seenBody).toBe('5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: abc\r\n')
  socket.destroy()
})

test('a caller that stops in the midst of its body is told so', async () => {
  await using _ = await aListener('stalled', { idleTimeoutMs: 300 })
  const head = `POST /stalled HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100\r\n\r\nhalf`
  const { text, closed } = await exchangeRaw(world.port, head, 8_000)
  expect([text.slice(0, 12), closed]).toEqual(['HTTP/1.1 408', true])
})

test('interim answers pass to a caller of HTTP/1.1 and not to one of HTTP/1.0', async () => {
  await using hinting = await aFunction((_, res) => {
    res.writeProcessing()
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('ok')
  })
  await world.publish({ put: [aRoute({ function: 'hints', addresses: [hinting.address] })] })
  const ask = (version: string) => exchangeRaw(world.port, `GET /hints HTTP/${version}\r\nHost: ${HOST}\r\n\r\n`)
  expect((await ask('1.1')).text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 102', 'HTTP/1.1 103', 'HTTP/1.1 200'])
  expect((await ask('1.0')).text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200'])
})

test('an answer without a length ends with the function’s connection, and its caller keeps its own', async () => {
  await using closing = await aRawFunction((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\nX-Old: 1\r\n\r\npart one, ')
      setTimeout(() => socket.end('part two'), 30)
    })
  })
  await world.publish({ put: [aRoute({ function: 'old', addresses: [closing.address] })] })
  const req = httpRequest({ port: world.port, host: '127.0.0.1', path: '/old', headers: { host: HOST } }).end()
  const [res] = await once(req, 'response')
  let body = ''
  res.on('data', (data: Buffer) => {
    body += data
  })
  await once(res, 'end')
  expect([body, res.headers['transfer-encoding']]).toEqual(['part one, part two', 'chunked'])
})

test('an answer that comes byte by byte is read as one', async () => {
  await using slow = await aRawFunction((socket) => {
    socket.setNoDelay(true)
    socket.once('data', async () => {
      for (const byte of 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n') {
        socket.write(byte)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
  })
  await world.publish({ put: [aRoute({ function: 'bytes', addresses: [slow.address] })] })
  const { text } = await exchangeRaw(world.port, `GET /bytes HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text.split('\r\n\r\n')[1]?.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '')).toContain('hello')
  expect(text).toContain('x-sum: 1')
})

test('an upgrade to something else than asked for is 502', async () => {
  await using wrong = await aRawFunction((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'))
  })
  await world.publish({ put: [aRoute({ function: 'wrong', addresses: [wrong.address] })] })
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const { text } = await exchangeRaw(world.port, `GET /wrong HTTP/1.1\r\nHost: ${HOST}\r\n${upgrade}`)
  expect(text).toMatch(/^HTTP\/1\.1 502/)
})

test('a chunked answer that is whole at once gets a length, one that names trailers stays chunked', async () => {
  const chunked = (trailer: string) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${trailer}\r\n5\r\nhello\r\n0\r\n\r\n`
  await using whole = await aRawFunction((socket) => {
    socket.on('data', (data) =>
      socket.write(chunked(String(data).startsWith('GET /named') ? 'Trailer: x-sum\r\n' : '')),
    )
  })
  await world.publish({ put: [aRoute({ function: 'whole', addresses: [whole.address] })] })
  const { text } = await exchangeRaw(world.port, `GET /whole HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  expect(text).toMatch(/\r\ncontent-length: 5\r\n[\s\S]*\r\n\r\nhello$/)
  expect(text).toMatch(/\r\ndate: .* GMT\r\n/)
  const { text: named } = await exchangeRaw(world.port, `GET /whole/named HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  expect(named.toLowerCase()).toContain('transfer-encoding: chunked')
})

test('pipelined requests are answered in order, whichever function is first', async () => {
  await using late = await aFunction((_, res) => setTimeout(() => res.end('late'), 100))
  await using soon = await aFunction((_, res) => res.end('soon'))
  await world.publish({
    put: [
      aRoute({ function: 'late', addresses: [late.address] }),
      aRoute({ function: 'soon', addresses: [soon.address] }),
    ],
  })
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  const { text } = await exchangeRaw(world.port, ['/late', '/soon', '/soon', '/late', '/soon'].map(get).join(''), 600)
  expect(text.match(/late|soon/g)).toEqual(['late', 'soon', 'soon', 'late', 'soon'])
})
