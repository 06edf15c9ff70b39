import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { callbackKey } from '@pushfn/store/calls/callback-key'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from '../support/a-function.ts'
import { type GatewayWorld, startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS, accepted, post, untilState } from './support.ts'

/** Callbacks: what a receiver gets, how it knows that they are the cloud's, and where none is ever sent. */
interface Received {
  headers: Record<string, string>
  body: Buffer
  url: string
}

let world: GatewayWorld
let shout: AFunction
let receiver: Server
let port: number
let received: Received[]
let answers: number[]

beforeAll(async () => {
  shout = await aFunction((req, res) => {
    req.resume().on('end', () => {
      if (req.url === '/teapot') res.writeHead(418).end('short')
      else if (req.url === '/down') res.writeHead(503).end()
      else res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('HELLO ✓')
    })
  })
  receiver = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]))
      received.push({ headers, body: Buffer.concat(chunks), url: req.url ?? '' })
      const status = answers.shift() ?? 204
      res.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  // A server that listens on TCP has an AddressInfo.
  port = (receiver.address() as AddressInfo).port
  world = await startWorld(ASYNC_SETTINGS, {
    routes: [
      aRoute({ function: 'shout', addresses: [shout.address] }),
      aRoute({ tenant: 'eve', function: 'shout', addresses: [shout.address] }),
    ],
  })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await shout[Symbol.asyncDispose]()
  receiver.closeAllConnections()
  receiver.close()
})
beforeEach(() => {
  received = []
  answers = []
})

const callback = (path = '/done?for=ada') => ({ 'x-callback-url': `http://127.0.0.1:${port}${path}` })

describe('a callback', () => {
  test('bears the answer, and a signature that the tenant’s key verifies', async () => {
    const id = await accepted(world, 'shout', { headers: callback() })
    await until(() => received.length === 1, 'the callback came')
    const { headers, body, url } = received[0] ?? { headers: {}, body: Buffer.alloc(0), url: '' }
    expect(url).toBe('/done?for=ada')
    expect(body.toString()).toBe('HELLO ✓')
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-call-id': id,
      'x-function-name': 'shout',
      'x-function-status': '200',
      'x-duration-seconds': expect.stringMatching(/^\d+\.\d{6}$/),
    })
    const key = callbackKey(ASYNC_SETTINGS.PUSHFN_SECRET, 'ada')
    expect(verified(headers['x-pushfn-signature'], body, key)).toBe(true)
    expect(verified(headers['x-pushfn-signature'], Buffer.from('another'), key)).toBe(false)
    expect(verified(headers['x-pushfn-signature'], body, callbackKey(ASYNC_SETTINGS.PUSHFN_SECRET, 'eve'))).toBe(false)
  })

  test('tells of answers that are errors, and of calls that died', async () => {
    await accepted(world, 'shout', { path: '/teapot', headers: callback() })
    await until(() => received.length === 1, 'the callback came')
    await accepted(world, 'shout', { path: '/down', headers: { ...callback(), 'x-max-retries': '1' } })
    await until(() => received.length === 2, 'the other came')
    expect(received.map(({ headers }) => headers['x-function-status'])).toEqual(['418', '503'])
  })

  test('is sent again until it is taken, and the function is not', async () => {
    answers = [500, 429]
    await accepted(world, 'shout', { headers: callback() })
    await until(() => received.length === 3, 'three were sent')
    await sleep(300)
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['x-call-id'])).size).toBe(1)
  })

  test.each([302, 404])('is given up when the receiver says %i', async (status) => {
    answers = [status]
    await accepted(world, 'shout', { headers: callback() })
    await until(() => received.length === 1, 'the callback came')
    await sleep(300)
    expect(received.map(({ url }) => url)).toEqual(['/done?for=ada'])
  })
})

/** As docs/gateway.md tells a receiver to do it. */
const verified = (header: string | undefined, body: Buffer, key: string): boolean => {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? []
  const mac = createHmac('sha256', key).update(`${t}.`).update(body).digest('hex')
  return mac === v1 && Math.abs(Date.now() / 1_000 - Number(t)) < 300
}

describe('where callbacks may not go', () => {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && !one.internal && one.family === 'IPv4')?.address

  test.each([
    '127.0.0.2',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '[::1]',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '[fd00::1]',
    '[64:ff9b::a00:1]',
    '2130706434',
    '0x7f.2',
    '0177.0.0.2',
    ...(own ? [own] : []),
  ])('http://%s/ is refused at once', async (host) => {
    const answer = await post(world, 'shout', { headers: { 'x-callback-url': `http://${host}/` } })
    expect(answer.status).toBe(400)
  })

  test('a name that leads to such an address is not connected to', async () => {
    // Every label of localhost is loopback; its IPv6 address is none of those that this cloud's operators allow.
    await using strict = await startWorld(
      { ...ASYNC_SETTINGS, ASYNC_CALLBACK_NETWORKS: '-' },
      { routes: [aRoute({ function: 'shout', addresses: [shout.address] })] },
    )
    const headers = { 'x-callback-url': `http://localhost:${port}/` }
    const id = await accepted(strict, 'shout', { headers })
    await untilState(strict, 'shout', id, ['done'])
    await sleep(500)
    expect(received).toHaveLength(0)
  })

  test('a cloud without a secret accepts no callback', async () => {
    const { PUSHFN_SECRET: _, ...without } = ASYNC_SETTINGS
    await using plain = await startWorld(without, {
      routes: [aRoute({ function: 'shout', addresses: [shout.address] })],
    })
    const answer = await post(plain, 'shout', { headers: callback() })
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('no callbacks')])
    await accepted(plain, 'shout')
  })
})
