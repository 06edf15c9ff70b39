import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { type Answer, ask } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/** What pages of other origins may do with a function, as browsers read it (Fetch standard §3.3). */
let world: GatewayWorld
let hello: AFunction
let talker: AFunction

const APP = 'https://app.example.com'
const cors = {
  origins: [APP, 'http://localhost:5173'],
  methods: ['GET', 'PUT'],
  headers: ['content-type', 'x-mine'],
  exposedHeaders: ['X-Call-Id'],
  areCredentialsAllowed: true,
  maxAgeSeconds: 60,
}
const all = { origins: ['*'], methods: ['*'], headers: ['*'] }

beforeAll(async () => {
  hello = await aFunction()
  talker = await aFunction((_, res) =>
    res
      .writeHead(200, { 'Access-Control-Allow-Origin': '*', 'access-control-allow-methods': 'X', vary: 'Accept' })
      .end('hi'),
  )
  world = await startWorld(
    {},
    {
      routes: [
        aRoute({ addresses: [hello.address], cors }),
        aRoute({
          function: 'all',
          addresses: [hello.address],
          cors: { ...cors, ...all, areCredentialsAllowed: false },
        }),
        aRoute({ function: 'talker', addresses: [talker.address], cors }),
        aRoute({ function: 'plain', addresses: [talker.address] }),
        aRoute({ function: 'asleep', addresses: [], cors }),
      ],
    },
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  for (const one of [hello, talker]) await one[Symbol.asyncDispose]()
})

const preflight = (path: string, headers: Record<string, string>): Promise<Answer> =>
  ask({ port: world.port, path, method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT', ...headers } })

describe('a preflight request', () => {
  test('is answered by the gateway, and no function sees it', async () => {
    const answer = await preflight('/hello', { origin: APP, 'access-control-request-headers': 'X-Mine,content-type' })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-mine, content-type',
      'access-control-max-age': '60',
    })
    expect(answer.headers.vary).toContain('Origin')
    expect(hello.seen).toHaveLength(0)
  })

  test.each([
    ['another origin', { origin: 'https://evil.example.com' }],
    ['an origin that begins like it', { origin: `${APP}.evil.com` }],
    ['the origin “null”', { origin: 'null' }],
    ['another scheme', { origin: 'http://app.example.com' }],
    ['another method', { origin: APP, 'access-control-request-method': 'DELETE' }],
    ['another header', { origin: APP, 'access-control-request-headers': 'x-mine, x-other' }],
  ])('of %s is refused', async (_, headers) => {
    const answer = await preflight('/hello', headers)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body).title).toBe('Refused to this page')
    expect(answer.headers['access-control-allow-methods']).toBeUndefined()
  })

  test('is echoed where all is allowed, but never with what is no name', async () => {
    const answer = await preflight('/all', { origin: 'null', 'access-control-request-headers': 'authorization' })
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'authorization',
    })
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    expect((await preflight('/all', { origin: APP, 'access-control-request-headers': 'a b' })).status).toBe(403)
  })

  test('of a function without a policy goes to the function, as does an OPTIONS that is none', async () => {
    expect((await preflight('/plain', { origin: APP })).body).toBe('hi')
    expect((await ask({ port: world.port, path: '/hello', method: 'OPTIONS' })).status).toBe(200)
  })
})

describe('an answer', () => {
  test('may be read by the pages that are named, by others not; the call itself goes on', async () => {
    const mine = await ask({ port: world.port, headers: { origin: APP } })
    expect(mine.headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Call-Id',
      vary: 'Origin',
    })
    const theirs = await ask({ port: world.port, headers: { origin: 'https://evil.example.com' } })
    expect([theirs.status, theirs.headers.vary]).toEqual([200, 'Origin'])
    expect(theirs.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('has the gateway’s word in place of the function’s, once', async () => {
    const { headers } = await ask({ port: world.port, path: '/talker', headers: { origin: APP } })
    expect(headers['access-control-allow-origin']).toBe(APP)
    expect(headers['access-control-allow-methods']).toBeUndefined()
    expect(headers.vary).toBe('Accept, Origin')
    expect((await ask({ port: world.port, path: '/plain' })).headers['access-control-allow-origin']).toBe('*')
  })

  test('of the gateway itself can be read too', async () => {
    const { status, headers } = await ask({ port: world.port, path: '/asleep', headers: { origin: APP } })
    expect([status, headers['access-control-allow-origin']]).toEqual([503, APP])
  })
})
