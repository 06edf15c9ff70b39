import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, buildAndRun, type Running } from '../test/try-function.ts'

const HANDLER = `
case "$Http_Path" in
  /fail) echo partly; echo why >&2; exit 3 ;;
  /slow) sleep 1.5; echo done ;;
  /hang) sleep 4711 & sleep 4712 ;;
  /env) echo "$Http_Method $Http_Query $Http_X_Test $Http_Content_Type $Http_Host [$Http_Proxy]" ;;
  /trickle) echo one; sleep 1.6; echo two; exit 1 ;;
  /large) head -c 3000000 /dev/zero ;;
  /ignore) echo fine ;;
  *) cat ;;
esac
`

describe('a bash function', () => {
  let running: Running
  beforeAll(async () => {
    const environment = { exec_timeout: '3s', max_inflight: '4' }
    running = await buildAndRun({ 'hello/handler.sh': HANDLER }, aFunction({ lang: 'bash-streaming' }), environment)
  })
  afterAll(() => running?.[Symbol.asyncDispose]())
  const call = (path: string, init?: RequestInit) => fetch(`${running.url}${path}`, init)

  test('gets the body on stdin and answers with its stdout', async () => {
    const body = 'x'.repeat(500_000)
    const res = await call('/', { method: 'POST', body })
    expect(res.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect((await res.text()) === body).toBe(true)
    expect((await (await call('/large')).arrayBuffer()).byteLength).toBe(3_000_000)
  })

  test('need not read its input', async () => {
    const res = await call('/ignore', { method: 'POST', body: 'x'.repeat(5_000_000) })
    expect(await res.text()).toBe('fine\n')
  })

  test('sees the request in Http_ variables, but no proxy of a caller', async () => {
    const headers = { 'X-Test': 'y', 'content-type': 'a/b', Proxy: 'http://evil' }
    const text = await (await call('/env?a=1&b', { method: 'POST', headers, body: '' })).text()
    expect(text).toBe(`POST a=1&b y a/b ${new URL(running.url).host} []\n`)
  })

  test('that exits with another code than 0 is a 500, and its stderr is in the log alone', async () => {
    const res = await call('/fail')
    expect(res.status).toBe(500)
    const text = await res.text()
    expect(text).toContain('code 3')
    expect(text).not.toMatch(/partly|why/)
    expect(await running.logs()).toMatch(/why\n/)
  })

  test('that fails after its answer has begun is cut, never ended as if it were whole', async () => {
    const res = await call('/trickle')
    expect(res.status).toBe(200)
    await expect(res.text()).rejects.toThrow()
  })

  test('over its exec_timeout is ended with all that it started', async () => {
    expect((await call('/hang')).status).toBe(504)
    await sleep(200)
    expect((await running.processes()).filter((args) => /sleep 471/.test(args))).toEqual([])
  })

  test('whose caller goes away is ended with all that it started', async () => {
    const gone = new AbortController()
    const hanging = call('/hang', { signal: gone.signal })
    await sleep(400)
    expect((await running.processes()).filter((args) => /sleep 471/.test(args))).toHaveLength(2)
    gone.abort()
    await expect(hanging).rejects.toThrow()
    await sleep(300)
    expect((await running.processes()).filter((args) => /sleep 471/.test(args))).toEqual([])
  })

  test('answers 429 beyond max_inflight', async () => {
    const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await call('/slow')).status))
    expect(statuses.toSorted()).toEqual([200, 200, 200, 200, 429, 429])
  })

  test('finishes what is under way when it is told to end', async () => {
    const slow = call('/slow')
    await sleep(300)
    const ended = running.stop()
    expect(await (await slow).text()).toBe('done\n')
    expect(await ended).toBe(0)
  })
})

test('fprocess names another program, and what it writes to stderr can be part of the answer', async () => {
  const environment = { fprocess: 'sh -eu function/other.sh', combine_output: 'true', content_type: 'text/csv' }
  const files = { 'hello/handler.sh': 'exit 1', 'hello/other.sh': 'echo a,b; echo c,d >&2' }
  await using running = await buildAndRun(files, aFunction({ lang: 'bash' }), environment)
  const res = await fetch(running.url)
  expect(res.headers.get('content-type')).toBe('text/csv')
  expect((await res.text()).split('\n').toSorted()).toEqual(['', 'a,b', 'c,d'])
})
