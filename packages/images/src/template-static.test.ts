import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, buildAndRun, type Running } from '../test/try-function.ts'

describe('a static function', () => {
  let running: Running
  beforeAll(async () => {
    const files = {
      'hello/index.html': '<h1>top</h1>',
      'hello/docs/index.html': '<h1>docs</h1>',
      'hello/about.html': 'about',
      'hello/a b/ü.txt': '0123456789',
      'hello/empty.css': '',
      'hello/app.wasm': new Uint8Array([0, 97]),
      'hello/.env': 'SECRET=1',
      'hello/.well-known/security.txt': 'contact',
      'hello/404.html': 'nothing here',
    }
    running = await buildAndRun(files, aFunction({ lang: 'static' }))
  })
  afterAll(() => running?.[Symbol.asyncDispose]())
  const call = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${running.url}${path}`, { method, headers })

  test('serves files by path, folders by their index, and pages without their ending', async () => {
    expect(await (await call('/')).text()).toBe('<h1>top</h1>')
    expect(await (await call('/docs')).text()).toBe('<h1>docs</h1>')
    expect(await (await call('/docs/')).text()).toBe('<h1>docs</h1>')
    expect(await (await call('/about?x=1')).text()).toBe('about')
    expect(await (await call('/a%20b/%C3%BC.txt')).text()).toBe('0123456789')
    expect(await (await call('/empty.css')).text()).toBe('')
  })

  test('knows content types', async () => {
    expect((await call('/')).headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect((await call('/empty.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect((await call('/app.wasm')).headers.get('content-type')).toBe('application/wasm')
  })

  test('answers 404 with the site’s own page, and never leads out of the folder', async () => {
    for (const path of [
      '/none',
      '/.env',
      '/../index.mjs',
      '/%2e%2e/index.mjs',
      '/..%2findex.mjs',
      '/docs/../../serve.mjs',
      '//etc/passwd',
      '/%00',
    ]) {
      const { status, body } = await raw(running.url, path)
      expect([path, status, body]).toEqual([path, 404, 'nothing here'])
    }
    expect((await raw(running.url, '/%')).status).toBe(400)
    expect(await (await call('/.well-known/security.txt')).text()).toBe('contact')
  })

  test('answers 304 to the tag it gave, and HEAD without a body', async () => {
    const tag = (await call('/about')).headers.get('etag') ?? ''
    expect((await call('/about', { 'if-none-match': tag })).status).toBe(304)
    expect((await call('/about', { 'if-none-match': '"other"' })).status).toBe(200)
    const head = await call('/about', {}, 'HEAD')
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['5', ''])
    expect((await call('/about', {}, 'POST')).status).toBe(405)
  })

  test.each([
    ['bytes=2-4', 206, '234'],
    ['bytes=7-', 206, '789'],
    ['bytes=-3', 206, '789'],
    ['bytes=0-99', 206, '0123456789'],
    ['bytes=5-2', 200, '0123456789'],
    ['bytes=1-2,4-5', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
    ['bytes=10-', 416, ''],
    ['bytes=-0', 416, ''],
  ])('answers %s with %i', async (range, status, body) => {
    const res = await call('/a%20b/%C3%BC.txt', { range })
    expect([res.status, await res.text()]).toEqual([status, body])
  })
})

/** Without the cleaning of paths that fetch does. */
const raw = (url: string, path: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const req = request({ hostname, port, path }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (chunk) => (body += chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }))
    })
    req.on('error', reject).end()
  })
