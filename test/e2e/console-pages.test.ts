import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ConsoleStage, startConsole } from './console-stage.ts'

let stage: ConsoleStage
beforeAll(async () => {
  stage = await startConsole()
})
afterAll(() => stage[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) =>
  request(new URL(stage.apiUrl).origin + path, { headers })

const assetPath = async (): Promise<string> =>
  /src="(\/assets\/[^"]+\.js)"/.exec(await (await get('/')).body.text())?.[1] ?? 'none'

test.each([
  '/',
  '/functions',
  '/functions/hello',
  '/builds',
  '/deliveries',
  '/builds/0193b0c4-5b5d-7a3e-8f00-0123456789ab',
])('the page is there at %s, under a policy that lets it load its own files and nothing else', async (path) => {
  const answer = await get(path)
  expect(answer.statusCode).toBe(200)
  expect(await answer.body.text()).toContain('<div id="console">')
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
})

test('files whose names change with what is in them are kept for a year, and come packed', async () => {
  const path = await assetPath()
  const plain = await get(path)
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  const packed = await get(path, { 'accept-encoding': 'gzip, br' })
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(Buffer.from(await packed.body.arrayBuffer())).toString()).toBe(await plain.body.text())
})

test('a page that the browser has already is not sent again', async () => {
  const { etag } = (await get('/')).headers
  expect((await get('/', { 'if-none-match': String(etag) })).statusCode).toBe(304)
})

test.each([
  '/assets/..%2findex.html',
  '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
  '/assets/../../../../etc/passwd',
  '/assets//etc/passwd',
  '/assets/index.html%00.js',
  '/package.json',
  '/src/main.tsx',
  '/.env',
])('there is nothing at %s, and the answer is safe too', async (path) => {
  const answer = await get(path)
  expect(answer.statusCode).toBeGreaterThanOrEqual(400)
  expect(answer.statusCode).toBeLessThan(500)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(await answer.body.text()).not.toMatch(/root:|<div|import/)
})
