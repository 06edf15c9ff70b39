import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/** What the gateway tells itself: problems to callers, numbers to operators. */
let world: GatewayWorld
let hello: AFunction

beforeAll(async () => {
  hello = await aFunction()
  const routes = [aRoute({ addresses: [hello.address], maxBodyBytes: 1_000 }), aRoute({ function: 'asleep' })]
  world = await startWorld({}, { routes })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
})

test('a function without a replica is 503 with Retry-After', async () => {
  const { status, headers, body } = await ask({ port: world.port, path: '/asleep' })
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  expect(JSON.parse(body)).toMatchObject({ function: 'asleep.ada', title: 'Function not running' })
})

test('a body that is too large is told with the bytes that there may be, by its length and by its count', async () => {
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    const { status, body } = await ask({ port: world.port, method: 'POST', body: 'x'.repeat(2_000), headers })
    expect(status).toBe(413)
    expect(JSON.parse(body)).toMatchObject({ function: 'hello.ada', detail: expect.stringContaining('1000') })
  }
  expect(hello.seen).toEqual([])
})

test('a person at a terminal gets one line', async () => {
  const headers = { 'user-agent': 'curl/8.1', accept: '*/*' }
  const { headers: answered, body } = await ask({ port: world.port, path: '/asleep', headers })
  expect(answered['content-type']).toBe('text/plain; charset=utf-8')
  expect(body).toMatch(/^503 Function not running: asleep\.ada: .*\n$/)
})

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
