import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPush, aRepository } from '../support/builders.ts'
import { aConsoleTenant, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

/** Settings of repositories through the API. */
let stage: ConsoleStage
let ada: ConsoleTenant
let eve: ConsoleTenant

beforeAll(async () => {
  stage = await startConsole()
  ada = await aConsoleTenant(stage, 'ada')
  eve = await aConsoleTenant(stage, 'eve')
})
afterAll(() => stage[Symbol.asyncDispose]())

const api = async (who: ConsoleTenant, path: string, body?: unknown) => {
  const answer = await request(`${stage.apiUrl}/tenants/${path}`, {
    method: body === undefined ? 'GET' : 'PUT',
    headers: {
      authorization: `Bearer ${who.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.statusCode, body: Object(await answer.body.json()) }
}

test('a repository without settings has none, and is listed with its branch', async () => {
  expect(await api(ada, 'ada/repositories/shop/settings')).toEqual({ status: 200, body: {} })
  const { body } = await api(ada, 'ada/repositories')
  expect(body.items).toEqual([{ name: 'shop', forge: 'builtin', isPrivate: true, defaultBranch: 'main', settings: {} }])
})

test('the deploy branch decides which push is built, from the next one on, and of its own repository alone', async () => {
  const set = await api(ada, 'ada/repositories/shop/settings', { deployBranch: 'release' })
  expect(set).toEqual({ status: 200, body: { deployBranch: 'release' } })
  const [hers, other] = [await aRepository(stage.db, ada.tenant), await aRepository(stage.db, eve.tenant)]
  expect((await aPush(stage.db, hers)).kind).toBe('skipped')
  expect((await aPush(stage.db, hers, { ref: 'refs/heads/release' })).kind).toBe('queued')
  expect((await aPush(stage.db, other)).kind).toBe('queued')

  expect(await api(ada, 'ada/repositories/shop/settings', {})).toEqual({ status: 200, body: {} })
  expect((await aPush(stage.db, await aRepository(stage.db, ada.tenant))).kind).toBe('queued')
})

test('what is no setting is refused with its place, and changes nothing', async () => {
  await api(ada, 'ada/repositories/shop/settings', { deployBranch: 'release' })
  const { status, body } = await api(ada, 'ada/repositories/shop/settings', { deployBranch: 'a..b', colour: 'red' })
  expect(status).toBe(400)
  expect(body.detail).toMatch(/deployBranch: no branch of git can be named so/)
  expect(body.detail).toMatch(/colour/)
  expect((await api(ada, 'ada/repositories/shop/settings')).body).toEqual({ deployBranch: 'release' })
})

test('another tenant’s repository, and one that is not there, do not exist', async () => {
  for (const path of [
    'ada/repositories/shop/settings',
    'eve/repositories/other/settings',
    'eve/repositories/..%2f/settings',
  ]) {
    expect((await api(eve, path)).status).toBe(404)
    expect((await api(eve, path, { deployBranch: 'mine' })).status).toBe(404)
  }
  expect((await api(ada, 'ada/repositories/shop/settings')).body).toEqual({ deployBranch: 'release' })
})
