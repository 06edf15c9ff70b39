import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, aRepository, build, buildAndRun, planFunction, type Running, run } from '../test/try-function.ts'

const HANDLER = `'use strict'
module.exports = async (event, context) => {
  switch (event.path) {
    case '/headers': return context.status(201).headers({ 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] }).succeed('made')
    case '/return': return { returned: true }
    case '/throw': throw new Error('boom')
    case '/fail': return context.fail('no luck')
    case '/teapot': return context.status(418).fail('short and stout')
    case '/buffer': return Buffer.from([0, 255, 1])
    case '/nothing': return
    case '/stream': return new ReadableStream({ start (c) { c.enqueue(Buffer.from('a')); c.enqueue(Buffer.from('b')); c.close() } })
    case '/slow': await new Promise((resolve) => setTimeout(resolve, 1500)); return 'done'
    case '/user': return { uid: process.getuid(), write: attempt() }
    default: return context.status(200).succeed({
      body: Buffer.isBuffer(event.body) ? { base64: event.body.toString('base64') } : event.body,
      method: event.method, query: event.query, path: event.path, type: event.headers['content-type'],
    })
  }
}
const attempt = () => { try { require('fs').writeFileSync(__dirname + '/x', ''); return 'written' } catch (err) { return err.code } }
`

describe('a node24 function', () => {
  let running: Running
  beforeAll(async () => {
    running = await buildAndRun({ 'hello/handler.js': HANDLER }, aFunction({ lang: 'node20' }), { exec_timeout: '10s' })
  })
  afterAll(() => running?.[Symbol.asyncDispose]())
  const call = (path: string, init?: RequestInit) => fetch(`${running.url}${path}`, init)
  const eventOf = async (path: string, init?: RequestInit) => (await call(path, init)).json()

  test('answers health and readiness itself', async () => {
    expect((await call('/_/health')).status).toBe(200)
    expect((await call('/_/ready')).status).toBe(200)
  })

  test('gets the body as its content type says, as with OpenFaaS', async () => {
    const post = (type: string, body: string | Uint8Array<ArrayBuffer>) =>
      eventOf('/x', { method: 'POST', headers: { 'content-type': type }, body })
    expect(await post('application/json', '{"a":[1]}')).toMatchObject({ body: { a: [1] } })
    expect(await post('text/plain', 'hällo')).toMatchObject({ body: 'hällo' })
    expect(await post('application/x-www-form-urlencoded', 'a=1&b=2&b=3')).toMatchObject({
      body: { a: '1', b: ['2', '3'] },
    })
    expect(await post('image/png', new Uint8Array([1, 2]))).toMatchObject({ body: { base64: 'AQI=' } })
  })

  test('gets method, path, query and a default content type', async () => {
    expect(await eventOf('/a/b?x=1&x=2&y=%20z', { method: 'PUT' })).toEqual({
      body: {},
      method: 'PUT',
      path: '/a/b',
      query: { x: ['1', '2'], y: ' z' },
      type: 'text/plain',
    })
  })

  test('answers 400 for broken JSON and 413 for a body beyond the limit, without calling the handler', async () => {
    const json = { 'content-type': 'application/json' }
    expect((await call('/x', { method: 'POST', headers: json, body: '{' })).status).toBe(400)
    expect((await call('/x', { method: 'POST', headers: json, body: 'x'.repeat(1024 ** 2 + 1) })).status).toBe(413)
    // Without a length told beforehand.
    const body = new Blob(['x'.repeat(3_000_000)]).stream()
    expect((await call('/x', { method: 'POST', headers: json, body, duplex: 'half' })).status).toBe(413)
    expect((await call('/return')).status).toBe(200)
  })

  test('sets status, headers and cookies through the context', async () => {
    const res = await call('/headers')
    expect(res.status).toBe(201)
    expect(res.headers.get('x-a')).toBe('b')
    expect(res.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await res.text()).toBe('made')
  })

  test('answers with what is returned: objects, bytes, streams, nothing', async () => {
    expect(await eventOf('/return')).toEqual({ returned: true })
    expect([...new Uint8Array(await (await call('/buffer')).arrayBuffer())]).toEqual([0, 255, 1])
    expect(await (await call('/stream')).text()).toBe('ab')
    expect(await (await call('/nothing')).text()).toBe('')
  })

  test('turns an error into a 500 with its message, and logs it whole', async () => {
    const res = await call('/throw')
    expect(res.status).toBe(500)
    expect(await res.text()).toContain('boom')
    expect(await running.logs()).toMatch(/Error: boom\n\s+at .*handler\.js:6/)
    expect((await call('/fail')).status).toBe(500)
    expect((await call('/teapot')).status).toBe(418)
  })

  test('runs as its own user and cannot write into its image', async () => {
    expect(await eventOf('/user')).toEqual({ uid: 10001, write: 'EROFS' })
  })

  test('finishes what is under way when it is told to end, and takes nothing new', async () => {
    const slow = call('/slow')
    await sleep(300)
    const ended = running.stop()
    await sleep(200)
    await expect(call('/return')).rejects.toThrow()
    expect(await (await slow).text()).toBe('done')
    expect(await ended).toBe(0)
  })
})

describe('a node24 handler may be', () => {
  const answerOf = async (file: string, source: string) => {
    await using running = await buildAndRun({ [`hello/${file}`]: source }, aFunction())
    return (await fetch(running.url)).text()
  }

  test('an ES module with a default export', async () => {
    expect(await answerOf('handler.mjs', 'export default async () => "esm " + typeof require')).toBe('esm undefined')
  })

  test('TypeScript', async () => {
    const source = 'export default async (event: { path: string }): Promise<string> => "ts " + event.path'
    expect(await answerOf('handler.ts', source)).toBe('ts /')
  })

  test('a function with a callback that is called later', async () => {
    const source =
      'module.exports = (event, context, callback) => { setTimeout(() => callback(undefined, "later"), 20) }'
    expect(await answerOf('handler.js', source)).toBe('later')
  })
})

test('a handler that exports no function ends at once and says what to write', async () => {
  const files = { 'hello/handler.js': 'module.exports = 42' }
  await expect(buildAndRun(files, aFunction())).rejects.toThrow(/ended with 1: .*handler\.js exports no function/s)
})

test('a node24 function over its exec_timeout is answered for with 504', async () => {
  const files = { 'hello/handler.js': 'module.exports = () => new Promise(() => {})' }
  await using running = await buildAndRun(files, aFunction(), { exec_timeout: '200ms' })
  expect((await fetch(running.url)).status).toBe(504)
})

test('npm dependencies are installed in a layer that a change of the handler leaves as it is', async () => {
  await using repository = await aRepository({
    'hello/package.json': JSON.stringify({ dependencies: { mrmime: '2.0.1' } }),
    'hello/handler.js': 'module.exports = async () => require("mrmime").lookup("a.txt")',
  })
  await using first = await build(await planFunction(repository.root, aFunction()))
  await repository.write({ 'hello/handler.js': 'module.exports = async () => require("mrmime").lookup("a.css")' })
  await using second = await build(await planFunction(repository.root, aFunction()))
  const install = second.lines.find((line) => /^#\d+ RUN cd function/.test(line))
  expect(second.lines).toContain(`${install?.split(' ')[0]} CACHED`)
  await using running = await run(second.imageId)
  expect(await (await fetch(running.url)).text()).toBe('text/css')
  expect(first.imageId).not.toBe(second.imageId)
})
