import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute, type Seen } from './support/a-function.ts'
import { ask, HOST } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/** Which function a request reaches, by its host and its path, and with what path. */
let world: GatewayWorld
let hello: AFunction
let other: AFunction

const seen = (body: string): Seen => JSON.parse(body)

beforeAll(async () => {
  hello = await aFunction()
  other = await aFunction()
  world = await startWorld(
    { API_URL: `http://${other.address}` },
    {
      routes: [
        aRoute({ addresses: [hello.address] }),
        aRoute({ tenant: 'eve', addresses: [other.address] }),
        aRoute({ function: 'special', addresses: [hello.address] }),
      ],
    },
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  for (const one of [hello, other]) await one[Symbol.asyncDispose]()
})
beforeEach(() => {
  hello.seen.length = 0
  other.seen.length = 0
})

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

test.each([
  ['evil.example', '/hello'],
  ['evil.example', '/healthz'],
  ['evil.example', '/metrics'],
  ['127.0.0.1', '/healthz'],
  ['fn.localhost', '/hello'],
  ['xfn.localhost', '/hello'],
  ['ada.fn.localhost.evil.example', '/hello'],
  ['a.ada.fn.localhost', '/hello'],
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
