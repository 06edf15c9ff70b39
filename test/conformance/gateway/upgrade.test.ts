import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRawFunction, aRoute } from './support/a-function.ts'
import { HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, hasDrained, startWorld, until } from './support/world.ts'

/** WebSocket as the gateway sees it: an upgrade, and then bytes. */
let world: GatewayWorld
let echo: Awaited<ReturnType<typeof aRawFunction>>
let heads: string[] = []

const serve = (socket: Socket) => {
  socket.once('data', (data) => {
    const head = data.toString('latin1')
    heads.push(head)
    if (head.startsWith('GET /refuse')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
      return
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade, X-Hop\r\nUpgrade: websocket\r\nX-Hop: 1\r\nSec-WebSocket-Accept: abc\r\n\r\nhello',
    )
    socket.on('data', (more) => socket.write(more))
  })
}

beforeAll(async () => {
  echo = await aRawFunction(serve)
  const routes = [
    aRoute({ addresses: [echo.address] }),
    aRoute({ function: 'brief', addresses: [echo.address], idleTimeoutMs: 300 }),
    aRoute({ function: 'asleep' }),
  ]
  // `brief` is served by the same process but counts as a replica of its own.
  world = await startWorld({ GATEWAY_STOP_TIMEOUT_MS: '500' }, { routes })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await echo[Symbol.asyncDispose]()
})

const open = async (path: string, behind = '') => {
  const socket = await openSocket(world.port)
  let text = ''
  socket.on('data', (data) => {
    text += data.toString('latin1')
  })
  const head = `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
  socket.write(head + behind)
  return { socket, text: () => text }
}

test('an upgrade becomes a tunnel: what was sent too early arrives, and bytes pass both ways', async () => {
  heads = []
  const { socket, text } = await open('/hello/chat?room=1', 'early')
  await until(() => text().endsWith('helloearly'), 'the first bytes of both sides arrived')
  expect(text()).toMatch(/^HTTP\/1\.1 101 /)
  expect(text().toLowerCase()).toContain('connection: upgrade\r\nupgrade: websocket\r\n')
  expect(text().toLowerCase()).toContain('sec-websocket-accept: abc')
  expect(text().toLowerCase()).not.toContain('x-hop')
  expect(heads[0]).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\n/)
  expect(heads[0]?.toLowerCase()).toContain('sec-websocket-key: dghlihnhbxbszsbub25jzq==')
  expect(heads[0]?.toLowerCase()).toContain('x-forwarded-for: 127.0.0.1')
  socket.write('ping')
  await until(() => text().endsWith('ping'), 'the function echoed')
  socket.destroy()
  await until(() => echo.connections.size === 0, 'the function saw the caller leave')
})

test('a function that closes closes the caller’s side', async () => {
  const { socket, text } = await open('/hello')
  await until(() => text().endsWith('hello'), 'the tunnel is open')
  for (const connection of echo.connections) connection.end('bye')
  await once(socket, 'end')
  expect(text()).toMatch(/bye$/)
  socket.destroy()
})

test('a refused upgrade is an answer as any other', async () => {
  const { socket, text } = await open('/hello/refuse')
  await once(socket, 'end')
  expect(text()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*no$/)
  socket.destroy()
})

test('an upgrade to nothing is 404, to a function without replica 503', async () => {
  for (const [path, status] of [
    ['/nothing', 404],
    ['/asleep', 503],
  ]) {
    const { socket, text } = await open(String(path))
    await once(socket, 'end')
    expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    socket.destroy()
  }
})

test('a tunnel in which nothing moves is cut, one in which something does is not', async () => {
  const { socket, text } = await open('/brief')
  await until(() => text().endsWith('hello'), 'the tunnel is open')
  const beats = setInterval(() => socket.write('.'), 50)
  const stayed = await Promise.race([
    once(socket, 'close').then(() => false),
    new Promise((resolve) => setTimeout(resolve, 900, true)),
  ])
  expect(stayed).toBe(true)
  clearInterval(beats)
  await once(socket, 'end')
  socket.destroy()
})

test('an endpoint is drained only when its last tunnel has closed', async () => {
  const { socket, text } = await open('/hello')
  await until(() => text().endsWith('hello'), 'the tunnel is open')
  await world.publish({ remove: ['ada/hello'] })
  expect(hasDrained(world.messages, 'hello-0')).toBe(false)
  socket.write('still there')
  await until(() => text().endsWith('still there'), 'the tunnel still works')
  expect(hasDrained(world.messages, 'hello-0')).toBe(false)
  socket.destroy()
  await until(() => hasDrained(world.messages, 'hello-0'), 'the endpoint is drained')
})
