import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

/** Badges, which anybody may ask for. */
let stage: ConsoleStage
let ada: ConsoleTenant

beforeAll(async () => {
  stage = await startConsole()
  ada = await aConsoleTenant(stage, 'ada')
})
afterAll(() => stage[Symbol.asyncDispose]())

const badge = async (path: string) => {
  const { statusCode, headers, body } = await request(new URL(`/badge/${path}`, stage.apiUrl))
  expect(headers['content-type']).toContain('image/svg+xml')
  return { status: statusCode, says: /<title>(.*?)<\/title>/.exec(await body.text())?.[1] }
}

test('a badge tells how a function stands, of a public repository or of one whose tenant says so', async () => {
  const build = await aPlayedBuild(stage, ada)
  await build.say({ kind: 'state', state: 'deploying' })
  await build.goLive('hello')
  await build.say({ kind: 'state', state: 'live' })
  const { repository } = ada
  await stage.db.repository.update({ where: { id: repository.id }, data: { isPrivate: true } })
  expect(await badge('ada/hello.svg')).toEqual({ status: 404, says: 'hello: unknown' })
  await request(`${stage.apiUrl}/tenants/ada/repositories/shop/settings`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ isBadgePublic: true }),
  })
  expect(await badge('ada/hello.svg')).toEqual({ status: 200, says: 'hello: live' })

  const next = await aPlayedBuild(stage, ada)
  await next.say({ kind: 'state', state: 'building' })
  expect((await badge('ada/hello.svg')).says).toBe('hello: building')
  await next.say({ kind: 'state', state: 'failed' })
  expect((await badge('ada/hello.svg')).says).toBe('hello: live, last build failed')
})

test.each(['ada/nobody.svg', 'nobody/hello.svg'])('what is not there is unknown: %s', async (path) => {
  expect(await badge(path)).toMatchObject({ status: 404, says: expect.stringContaining('unknown') })
})

test.each(['ada/hello', 'ada/%3Cscript%3E.svg', 'ada/hello.svg.svg'])(
  'what is no badge’s name is unknown: %s',
  async (path) => {
    expect(await badge(path)).toMatchObject({ status: 404, says: expect.stringMatching(/^(function|hello): unknown$/) })
  },
)
