import { FunctionList } from '@pushfn/model/api'
import { CallbackKey, CallView, DeadLetterList } from '@pushfn/model/async-call'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** Async calls and schedules in a whole cloud: from stack.yml to what the API tells. */
let world: World
beforeAll(async () => {
  world = await startWorld({ env: { ASYNC_RETRY_BASE_MS: '20' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const ask = ({ slug, token }: TestTenant, path: string, method = 'GET'): Promise<Response> =>
  localFetch(`${world.consoleUrl}/api/v1/tenants/${slug}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  })

const handler = `let calls = 0
module.exports = async (event, context) => {
  if (event.path === '/calls') return context.status(200).succeed(String(calls))
  if (event.path === '/down') return context.status(503).succeed('not now')
  calls += 1
  return context.status(200).succeed('called')
}
`
const stack = (annotations: string) =>
  `functions:\n  clock:\n    lang: node24\n    handler: ./clock\n${annotations && `    annotations:\n${annotations}`}`
const EVERY_SECOND = '      topic: cron-function\n      schedule: "* * * * * *"\n'

describe('a schedule', () => {
  test('follows the revision that is live, and vanishes with it', async () => {
    const tenant = await aTenantOf(world)
    const functions = async () => {
      const answer = await ask(tenant, 'functions')
      return FunctionList.parse(await answer.json()).items
    }
    const scheduleOf = async () => (await functions()).find(({ name }) => name === 'clock')?.schedule
    await using copy = await aWorkingCopy()
    const push = async (annotations: string) => {
      await copy.write({ 'stack.yml': stack(annotations), 'clock/handler.js': handler })
      await copy.commit()
      return copy.push(tenant.gitUrl('clock'))
    }
    const wrong = await push('      topic: cron-function\n      schedule: "61 * * * *"\n')
    expect(wrong.output).toContain('stack.yml:7:7')

    await push(EVERY_SECOND)
    const callsSoFar = async () =>
      Number(await (await localFetch(`${world.functionUrl(tenant.slug, 'clock')}/calls`)).text())
    await expect.poll(callsSoFar, { timeout: 30_000 }).toBeGreaterThan(1)
    await expect.poll(scheduleOf, { timeout: 30_000 }).toMatchObject({
      cron: '* * * * * *',
      timeZone: 'UTC',
      lastRunAt: expect.any(String),
      lastStatus: 200,
      nextRunAt: expect.any(String),
    })

    const { output } = await push('')
    expect(output).toContain('clock is live')
    expect(await scheduleOf()).toBeNull()
    // The new revision's own count: what was on its way when the schedule went has come by the time it stands still.
    let before = -1
    await expect
      .poll(
        async () => {
          const now = await callsSoFar()
          const stood = now === before
          before = now
          return stood
        },
        { interval: 3_000, timeout: 60_000 },
      )
      .toBe(true)
  })
})

describe('an async call', () => {
  test('is told of by its id, dies, is run again by the API, and is no other tenant’s', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack(''), 'clock/handler.js': handler })
    await copy.commit()
    await copy.push(tenant.gitUrl('clock'))
    const url = world.functionUrl(tenant.slug, 'clock').replace('/clock', '/async-function/clock')
    const call = async (path: string) => {
      const answer = await localFetch(`${url}${path}`, { method: 'POST', headers: { 'x-max-retries': '1' } })
      expect(answer.status).toBe(202)
      return answer.headers.get('x-call-id') ?? ''
    }
    const stateOf = async (id: string) => {
      const answer = await localFetch(`${url}/${id}`)
      return answer.ok ? CallView.parse(await answer.json()) : undefined
    }
    const good = await call('/')
    await expect
      .poll(() => stateOf(good), { timeout: 30_000 })
      .toMatchObject({ state: 'done', result: { status: 200 } })

    const dead = await call('/down')
    await expect.poll(() => stateOf(dead), { timeout: 30_000 }).toMatchObject({ state: 'dead', tries: 2 })
    const letters = async (of = tenant) => {
      const answer = await ask(of, 'functions/clock/dead-letters')
      return DeadLetterList.parse(await answer.json()).items
    }
    expect(await letters()).toMatchObject([{ id: dead, path: '/down', tries: 2, problem: 'the function answered 503' }])
    expect(await letters(other)).toEqual([])

    const replay = (of: typeof tenant) => ask(of, `functions/clock/dead-letters/${dead}/replay`, 'POST')
    expect((await replay(other)).status).toBe(404)
    expect((await replay(tenant)).status).toBe(202)
    await expect.poll(() => stateOf(dead), { timeout: 30_000 }).toMatchObject({ state: 'dead', tries: 2 })
    const remove = (of: typeof tenant) => ask(of, `functions/clock/dead-letters/${dead}`, 'DELETE')
    expect((await remove(other)).status).toBe(404)
    expect((await remove(tenant)).status).toBe(204)
    expect(await letters()).toEqual([])

    const keys = await Promise.all(
      [tenant, other].map(async (of) => CallbackKey.parse(await (await ask(of, 'callback-key')).json()).key),
    )
    expect(new Set(keys).size).toBe(2)
  })
})
