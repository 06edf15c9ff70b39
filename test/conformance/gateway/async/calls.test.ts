import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute, type Seen } from '../support/a-function.ts'
import { ask } from '../support/raw-client.ts'
import { type GatewayWorld, startWorld, until } from '../support/world.ts'
import { ASYNC_SETTINGS, accepted, post, stateOf, untilState } from './support.ts'

/** Async calls from the caller's side: what is accepted, how it is run, what is told of it. */
let world: GatewayWorld
let hello: AFunction
let other: AFunction
let preview: AFunction
let answers: AFunction
let tries: string[]

beforeAll(async () => {
  hello = await aFunction()
  other = await aFunction()
  preview = await aFunction()
  // Answers each try of a call with the next of the statuses in its path.
  answers = await aFunction((req, res) => {
    const statuses = (req.url ?? '').slice(1).split('-')
    const id = String(req.headers['x-call-id'])
    const before = tries.filter((one) => one.startsWith(id)).length
    tries.push(`${id} ${req.headers['x-pushfn-try']}`)
    const status = Number(statuses[Math.min(before, statuses.length - 1)])
    if (status === 0) req.socket.destroy()
    else res.writeHead(status, { 'x-own': 'kept', 'content-type': 'text/plain' }).end(`said ${status}`)
  })
  world = await startWorld(
    { ...ASYNC_SETTINGS, ASYNC_MAX_BODY_BYTES: '2000', ASYNC_MAX_RESULT_BYTES: '300' },
    {
      routes: [
        aRoute({ addresses: [hello.address] }),
        aRoute({ tenant: 'eve', addresses: [other.address] }),
        aRoute({ host: 'pr-7-shop--ada', addresses: [preview.address] }),
        aRoute({ host: '1a2b3c4d--ada', hold: { calls: 10, ms: 5_000 } }),
        aRoute({ function: 'answers', addresses: [answers.address] }),
        aRoute({ function: 'gone', addresses: ['127.0.0.1:1'] }),
      ],
    },
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  for (const one of [hello, other, preview, answers]) await one[Symbol.asyncDispose]()
})
beforeEach(() => {
  hello.seen.length = 0
  other.seen.length = 0
  tries = []
})

/** What the function saw of the call, once it has. */
const seenBy = async (fn: AFunction, id: string): Promise<Seen | undefined> => {
  const find = () => fn.seen.find((one) => one.headers['x-call-id'] === id)
  await until(() => find() !== undefined, `the function saw ${id}`)
  return find()
}

describe('under another alias', () => {
  test('a call is run there, and told of there alone', async () => {
    const id = await accepted(world, 'hello', { tenant: 'pr-7-shop--ada', body: 'x' })
    expect((await seenBy(preview, id))?.body).toBe('x')
    await untilState(world, 'hello', id, ['done'], 'pr-7-shop--ada')
    expect(await stateOf(world, 'hello', id)).toBeUndefined()
    expect(hello.seen).toEqual([])
  })

  test('what sleeps is woken by it, and live is not', async () => {
    const wakes = () => world.messages.flatMap((one) => (one.kind === 'wake' ? [`${one.host}/${one.function}`] : []))
    const id = await accepted(world, 'hello', { tenant: '1a2b3c4d--ada', body: 'x' })
    await until(() => wakes().includes('1a2b3c4d--ada/hello'), 'it is wanted')
    await world.publish({ put: [aRoute({ host: '1a2b3c4d--ada', addresses: [preview.address] })] })
    expect((await seenBy(preview, id))?.body).toBe('x')
    expect(wakes()).not.toContain('ada/hello')
  })
})

describe('accepting', () => {
  test('a call is answered at once and run as it came', async () => {
    const body = JSON.stringify({ name: 'Ada', sign: '✓' })
    const headers = { 'content-type': 'application/json', 'x-own': 'a', 'x-max-retries': '1', 'x-pushfn-try': '9' }
    const answer = await post(world, 'hello', { path: '/deep/%2f?x=1&y=%20', body, headers })
    expect([answer.status, answer.body]).toEqual([202, ''])
    expect(answer.headers['x-start-time']).toMatch(/^\d{19}$/)
    const id = String(answer.headers['x-call-id'])
    const seen = await seenBy(hello, id)
    expect(seen).toMatchObject({ method: 'POST', url: '/deep/%2f?x=1&y=%20' })
    expect(Buffer.from(seen?.body ?? '', 'latin1').toString('utf8')).toBe(body)
    expect(seen?.headers).toMatchObject({
      host: 'ada.fn.localhost',
      'content-type': 'application/json',
      'x-own': 'a',
      'x-call-id': id,
      'x-pushfn-try': '1',
      'x-forwarded-for': '127.0.0.1',
    })
    expect(seen?.names).not.toContain('x-max-retries')
    const view = await untilState(world, 'hello', id, ['done'])
    expect(view).toMatchObject({ id, function: 'hello', tries: 1, problem: null, result: { status: 200, isCut: true } })
    expect(view.result?.body.text.length).toBe(300)
    expect(view.result?.headers).toContainEqual(['content-type', 'application/json'])
  })

  test('bytes that are no text arrive as they were', async () => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 0x80])
    const id = await accepted(world, 'hello', { body: bytes })
    expect((await seenBy(hello, id))?.body).toBe(bytes.toString('latin1'))
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'])('%s is no way to call', async (method) => {
    const answer = await ask({ port: world.port, method, path: '/async-function/hello' })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, POST'])
  })

  test('what is not there is not accepted', async () => {
    expect((await post(world, 'nothing')).status).toBe(404)
    expect((await post(world, 'hello', { tenant: 'nobody' })).status).toBe(404)
    expect((await ask({ port: world.port, path: '/async-function/hello/unknown' })).status).toBe(404)
    expect((await ask({ port: world.port, path: '/async-function/hello/wait' })).status).toBe(404)
  })

  test('a body may be as long as the limit and no longer', async () => {
    expect((await post(world, 'hello', { body: 'x'.repeat(2_000) })).status).toBe(202)
    expect((await post(world, 'hello', { body: 'x'.repeat(2_001) })).status).toBe(413)
    const chunked = { 'transfer-encoding': 'chunked' }
    expect((await post(world, 'hello', { body: 'x'.repeat(2_001), headers: chunked })).status).toBe(413)
  })

  test.each([
    ['x-max-retries', '-1'],
    ['x-max-retries', '101'],
    ['x-max-retries', '1e1'],
    ['x-delay-seconds', '0.5'],
    ['x-delay-seconds', '999999999'],
    ['idempotency-key', ''],
    ['idempotency-key', 'k'.repeat(256)],
    ['x-callback-url', 'ftp://example.com/'],
    ['x-callback-url', 'javascript:alert(1)'],
    ['x-callback-url', 'http://user:word@example.com/'],
    ['x-callback-url', '/relative'],
  ])('%s: %s is refused', async (name, value) => {
    const answer = await post(world, 'hello', { headers: { [name]: value } })
    expect(answer.status).toBe(400)
    expect(answer.body.toLowerCase()).toContain(name)
  })

  test('a caller’s call id is kept when it is new', async () => {
    const headers = { 'x-call-id': 'mine.1_a-b' }
    expect(await accepted(world, 'hello', { headers })).toBe('mine.1_a-b')
    const second = await accepted(world, 'hello', { headers })
    expect(second).toMatch(/^[0-9a-f-]{36}$/)
    expect(await accepted(world, 'hello', { headers: { 'x-call-id': 'a b' } })).toMatch(/^[0-9a-f-]{36}$/)
    await seenBy(hello, 'mine.1_a-b')
    await seenBy(hello, second)
  })

  test.each(['wait', 'meta', '12', '0', 'events'])('the call id %s is an id like any other', async (id) => {
    expect(await accepted(world, 'hello', { headers: { 'x-call-id': id } })).toBe(id)
    await untilState(world, 'hello', id, ['done'])
  })

  test('a call is its tenant’s and its function’s alone', async () => {
    const id = await accepted(world, 'hello')
    await untilState(world, 'hello', id, ['done'])
    expect(await stateOf(world, 'hello', id, 'eve')).toBeUndefined()
    expect(await stateOf(world, 'answers', id)).toBeUndefined()
    expect(other.seen).toHaveLength(0)
  })
})

describe('an idempotency key', () => {
  test('makes many calls one', async () => {
    const headers = { 'idempotency-key': 'order 7' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(world, 'hello', { body: 'a', headers })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    const ids = new Set(answers.map((answer) => String(answer.headers['x-call-id'])))
    expect(ids.size).toBe(1)
    await untilState(world, 'hello', [...ids][0] ?? '', ['done'])
    expect(await accepted(world, 'hello', { body: 'a', headers })).toBe([...ids][0])
    await sleep(100)
    expect(hello.seen.filter((seen) => seen.headers['x-call-id'] === [...ids][0])).toHaveLength(1)
  })

  test('stands for one request, of one function of one tenant', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const id = await accepted(world, 'hello', { body: 'a', headers })
    expect((await post(world, 'hello', { body: 'b', headers })).status).toBe(422)
    expect((await post(world, 'hello', { body: 'a', path: '/x', headers })).status).toBe(422)
    expect(await accepted(world, 'hello', { body: 'b', headers, tenant: 'eve' })).not.toBe(id)
    expect(await accepted(world, 'answers', { path: '/200', headers })).not.toBe(id)
  })
})

describe('running', () => {
  test.each([429, 502, 503, 504, 0])('%i is tried again', async (status) => {
    const id = await accepted(world, 'answers', { path: `/${status}-${status}-200` })
    const view = await untilState(world, 'answers', id, ['done', 'failed', 'dead'])
    expect(view).toMatchObject({ state: 'done', tries: 3, result: { status: 200, body: { text: 'said 200' } } })
    expect(view.result?.headers).toContainEqual(['x-own', 'kept'])
    expect(tries.filter((one) => one.startsWith(id))).toEqual([1, 2, 3].map((n) => `${id} ${n}`))
  })

  test.each([400, 404, 409, 500, 501])('%i is an answer', async (status) => {
    const id = await accepted(world, 'answers', { path: `/${status}-200` })
    const view = await untilState(world, 'answers', id, ['done', 'failed', 'dead'])
    expect(view).toMatchObject({ state: 'failed', tries: 1, result: { status } })
  })

  test('the last try’s answer is told of a dead call', async () => {
    const id = await accepted(world, 'answers', { path: '/503', headers: { 'x-max-retries': '2' } })
    const view = await untilState(world, 'answers', id, ['done', 'failed', 'dead'])
    expect(view).toMatchObject({
      state: 'dead',
      tries: 3,
      problem: 'the function answered 503',
      result: { status: 503 },
    })
  })

  test('a function that cannot be reached leaves a dead call', async () => {
    const id = await accepted(world, 'gone', { headers: { 'x-max-retries': '1' } })
    const view = await untilState(world, 'gone', id, ['done', 'failed', 'dead'])
    expect(view).toMatchObject({ state: 'dead', tries: 2, problem: 'the gateway answered 502' })
  })

  test('a delayed call waits', async () => {
    const from = Date.now()
    const id = await accepted(world, 'hello', { headers: { 'x-delay-seconds': '1' } })
    const view = await stateOf(world, 'hello', id)
    expect(view).toMatchObject({ state: 'delayed', tries: 0 })
    expect(Date.parse(view?.nextTryAt ?? '')).toBeGreaterThanOrEqual(from + 1_000)
    await untilState(world, 'hello', id, ['done'])
    expect(Date.now() - from).toBeGreaterThanOrEqual(1_000)
  })
})
