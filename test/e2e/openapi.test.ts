import { API_ROUTES } from '@pushfn/model/api-routes'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type ConsoleStage, startConsole } from './console-stage.ts'
import { restRoutes } from './rest-routes.ts'

let stage: ConsoleStage
beforeAll(async () => {
  stage = await startConsole()
})
afterAll(() => stage[Symbol.asyncDispose]())

const Served = z.object({
  servers: z.array(z.object({ url: z.url() })).length(1),
  info: z.object({ version: z.string().regex(/^\d+\.\d+\.\d+/) }),
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
})

test('the document is there for anybody, and who has it already is told so', async () => {
  const first = await request(`${stage.apiUrl}/openapi.json`)
  expect(first.statusCode).toBe(200)
  expect(first.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(first.headers['cache-control']).toMatch(/^public, max-age=\d+$/)
  const { servers } = Served.parse(await first.body.json())
  expect(servers[0]?.url).toBe(`${stage.consoleUrl}/api/v1`)
  const again = await request(`${stage.apiUrl}/openapi.json`, {
    headers: { 'if-none-match': String(first.headers.etag) },
  })
  expect(again.statusCode).toBe(304)
  expect(again.headers.etag).toBe(first.headers.etag)
  expect(await again.body.text()).toBe('')
})

test('it has the routes that the controllers have, and no others', async () => {
  const answer = await request(`${stage.apiUrl}/openapi.json`)
  const { paths } = Served.parse(await answer.body.json())
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(1).replace(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(told.toSorted()).toEqual(await restRoutes())
  // None was lost where two share a path and a method.
  expect(told).toHaveLength(Object.values(API_ROUTES).flatMap((routes) => Object.keys(routes)).length)
})
