import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask } from './support/raw-client.ts'
import { type GatewayWorld, startWorld } from './support/world.ts'

/** Trace Context, as functions see it. */
let world: GatewayWorld
let hello: AFunction

beforeAll(async () => {
  hello = await aFunction()
  world = await startWorld({}, { routes: [aRoute({ addresses: [hello.address] })] })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
})

const seenBy = async (headers: Record<string, string>) => {
  const answer = await ask({ port: world.port, headers })
  return { callId: String(answer.headers['x-call-id']), seen: JSON.parse(answer.body).headers }
}

test('a call without a trace begins one that bears its call id', async () => {
  const { callId, seen } = await seenBy({ tracestate: 'a=1' })
  expect(seen.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(seen.traceparent.split('-')[1]).toBe(callId.replaceAll('-', ''))
  expect(seen.tracestate).toBeUndefined()
})

test('a trace goes on with its state, whatever the call id', async () => {
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', tracestate: 'a=1,b=2' }
  const { callId, seen } = await seenBy({ ...trace, 'x-call-id': 'mine' })
  expect(callId).toBe('mine')
  expect(seen).toMatchObject(trace)
})
