import { setTimeout as sleep } from 'node:timers/promises'
import { type CanaryView, CanaryView as CanaryViewSchema } from '@pushfn/model/api-canaries'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** Canaries through the API of a whole cloud with two gateway processes: each function was `two`, and is `one` again. */
const FUNCTIONS = ['split', 'bad', 'slow', 'good', 'pushed', 'chosen']
let world: World
let ada: TestTenant
let copy: WorkingCopy
let one: string
let two: string
const agent = new Agent({
  connections: 8,
  connect: { lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
})

const handler = (text: string, { status = 200, ms = 0 } = {}) =>
  `module.exports = async (event, context) => {
    await new Promise((done) => setTimeout(done, ${ms}))
    return context.status(${status}).succeed('${text}')
  }\n`
const stack = (names: readonly string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`

beforeAll(async () => {
  world = await startWorld({ env: { GATEWAY_PROCESSES: '2' } })
  ada = await aTenantOf(world)
  copy = await aWorkingCopy()
  const pushAll = async (text: string) => {
    const files = FUNCTIONS.map((name): [string, string] => {
      const isNew = text === 'two'
      const over = isNew && name === 'bad' ? { status: 500 } : isNew && name === 'slow' ? { ms: 300 } : {}
      return [`${name}/handler.js`, handler(text, over)]
    })
    await copy.write({ 'stack.yml': stack(FUNCTIONS), ...Object.fromEntries(files) })
    const sha = await copy.commit()
    expect(await copy.push(ada.gitUrl('shop'))).toMatchObject({ code: 0 })
    return sha
  }
  one = await pushAll('one')
  two = await pushAll('two')
  const back = await ask(ada, 'POST', `${ada.slug}/repositories/shop/rollback`, { sha: one })
  expect(back.status).toBe(200)
})
afterAll(async () => {
  await agent.close()
  await copy[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const ask = async (tenant: TestTenant, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => {
  const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tenant.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: Object(await answer.json()) }
}
const canaryPath = (name: string, tenant = ada) => `${tenant.slug}/functions/${name}/canary`
const canaryOf = async (name: string): Promise<CanaryView> =>
  CanaryViewSchema.parse((await ask(ada, 'GET', canaryPath(name))).body)
const start = async (name: string, plan: object) => {
  const begun = await ask(ada, 'POST', canaryPath(name), { sha: two, ...plan })
  expect(begun).toMatchObject({ status: 202, body: { function: name, sha: two, baseline: { sha: one } } })
}
const untilState = (name: string, state: CanaryView['state']) =>
  expect.poll(async () => (await canaryOf(name)).state, { timeout: 30_000, interval: 100 }).toBe(state)

const call = async (name: string, tenant = ada): Promise<string> => {
  const { statusCode, body } = await request(world.functionUrl(tenant.slug, name), { dispatcher: agent })
  const text = await body.text()
  return statusCode === 200 ? text : `HTTP ${statusCode}`
}
const calls = async (name: string, count: number, tenant = ada): Promise<string[]> => {
  const answers: string[] = []
  for (let done = 0; done < count; done += 8) {
    answers.push(...(await Promise.all(Array.from({ length: Math.min(8, count - done) }, () => call(name, tenant)))))
  }
  return answers
}
/** Callers of the new one know it by its answer. */
const untilTried = (name: string, answer = 'two') =>
  expect.poll(async () => (await calls(name, 16)).includes(answer), { timeout: 30_000 }).toBe(true)
/** Calls until the condition holds; gives every answer. */
const callWhile = async (name: string, isGoing: () => Promise<boolean>): Promise<string[]> => {
  const answers: string[] = []
  const until = Date.now() + 60_000
  while (await isGoing()) {
    if (Date.now() > until) throw new Error(`${name} goes on: ${JSON.stringify(await canaryOf(name))}`)
    answers.push(...(await calls(name, 40)))
  }
  return answers
}
const canaryContainers = async (name: string) =>
  (await litterOf(world.docker, world.cloud)).containers.filter(
    ({ Labels }) => Labels['pushfn.cloud/alias'] === 'canary' && Labels['pushfn.cloud/function'] === name,
  ).length
const onlyOld = async (name: string, answer = 'one') =>
  expect(new Set(await calls(name, 80))).toEqual(new Set([answer]))

const RULES = { leastCalls: 20, windowMinutes: 5 }

test('a canary has its part of the calls, another one when that is changed, and none when it is taken back', async () => {
  await start('split', { weight: 30, rules: RULES })
  expect(await ask(ada, 'POST', canaryPath('split'), { sha: two, weight: 5 })).toMatchObject({ status: 409 })
  await untilTried('split')
  const answers = await calls('split', 600)
  const tried = answers.filter((answer) => answer === 'two').length
  expect(answers.filter((answer) => answer === 'one').length).toBe(600 - tried)
  expect(Math.abs(tried - 180)).toBeLessThan(5 * Math.sqrt(600 * 0.3 * 0.7))
  const own = await localFetch(world.functionUrl(`canary--${ada.slug}`, 'split'))
  expect(await own.text()).toBe('two')

  expect(await ask(ada, 'PATCH', canaryPath('split'), { weight: 80 })).toMatchObject({ body: { weight: 80 } })
  await expect
    .poll(async () => (await calls('split', 80)).filter((answer) => answer === 'two').length, { timeout: 10_000 })
    .toBeGreaterThan(45)
  await sleep(1_500)
  const before = (await calls('split', 200)).filter((answer) => answer === 'two').length
  expect(Math.abs(before - 160)).toBeLessThan(5 * Math.sqrt(200 * 0.8 * 0.2))
  await expect.poll(async () => (await canaryOf('split')).seen?.verdict, { timeout: 10_000 }).toBe('good')
  const { seen } = await canaryOf('split')
  expect(seen?.canary.calls).toBeGreaterThan(seen?.live.calls ?? 0)

  expect(await ask(ada, 'DELETE', canaryPath('split'))).toMatchObject({ status: 200, body: { state: 'returned' } })
  await expect.poll(async () => (await calls('split', 80)).includes('two'), { timeout: 10_000 }).toBe(false)
  await onlyOld('split')
  await expect.poll(() => canaryContainers('split'), { timeout: 20_000 }).toBe(0)
  expect(await ask(ada, 'DELETE', canaryPath('split'))).toMatchObject({ status: 409 })
})

test('one that fails is returned by itself, though controller and gateway were killed meanwhile', async () => {
  await start('bad', { weight: 50, rules: { ...RULES, leastCalls: 200 } })
  await untilTried('bad', 'HTTP 500')
  await world.app('controller').stop({ signal: 'SIGKILL' })
  await world.app('gateway').stop({ signal: 'SIGKILL' })
  await Promise.all([world.start('controller'), world.start('gateway')])
  await untilTried('bad', 'HTTP 500')
  await callWhile('bad', async () => (await canaryOf('bad')).state === 'running')
  const ended = await canaryOf('bad')
  expect(ended).toMatchObject({
    state: 'returned',
    reason: expect.stringMatching(/^it failed \d+ of \d+ calls, live 0/),
  })
  expect(ended.seen).toMatchObject({ verdict: 'worse', live: { errors: 0 } })
  await expect.poll(async () => (await calls('bad', 40)).includes('HTTP 500'), { timeout: 10_000 }).toBe(false)
  await onlyOld('bad')
  await expect.poll(() => canaryContainers('bad'), { timeout: 20_000 }).toBe(0)
})

test('one that is slow is returned by itself', async () => {
  await start('slow', { weight: 50, rules: { ...RULES, slowerByMs: 100 } })
  await untilTried('slow')
  await callWhile('slow', async () => (await canaryOf('slow')).state === 'running')
  expect(await canaryOf('slow')).toMatchObject({
    state: 'returned',
    reason: expect.stringContaining('95 of 100 answers begin within'),
  })
  await expect.poll(async () => (await calls('slow', 40)).includes('two'), { timeout: 10_000 }).toBe(false)
  await onlyOld('slow')
})

test('one that is as good goes live by itself, step by step, and no call fails', async () => {
  const steps = [20, 60].map((weight) => ({ weight, minutes: 0.1 }))
  await start('good', { steps, rules: { ...RULES, maxP95Ratio: 5, slowerByMs: 500 } })
  const weights = new Set<number>()
  const answers = await callWhile('good', async () => {
    const { state, weight } = await canaryOf('good')
    weights.add(weight)
    return state !== 'promoted'
  })
  expect([...weights]).toEqual([20, 60])
  expect(new Set(answers)).toEqual(new Set(['one', 'two']))
  await onlyOld('good', 'two')
  const { body } = await ask(ada, 'GET', `${ada.slug}/functions/good/revisions`)
  expect(body).toMatchObject({ pinnedAt: expect.any(String), items: [{ sha: two, state: 'live' }, { sha: one }] })
  await expect.poll(() => canaryContainers('good'), { timeout: 20_000 }).toBe(0)
  await onlyOld('good', 'two')
})

describe('what moves live ends it:', () => {
  test('a push', async () => {
    await start('pushed', { weight: 50, rules: RULES })
    await untilTried('pushed')
    // Of the whole repository this alone changes, and the other functions are as they are live.
    const files = FUNCTIONS.filter((name) => name !== 'pushed').map((name) => [
      `${name}/handler.js`,
      handler(name === 'good' ? 'two' : 'one'),
    ])
    await copy.write({ ...Object.fromEntries(files), 'pushed/handler.js': handler('three') })
    await copy.commit()
    await start('chosen', { weight: 50, rules: RULES })
    expect(await copy.push(ada.gitUrl('shop'))).toMatchObject({ code: 0 })
    await onlyOld('pushed', 'three')
    expect(await canaryOf('pushed')).toMatchObject({ state: 'ended', url: null })
    // The canary of a function that the push leaves as it is goes on.
    await untilTried('chosen')
    expect(await canaryOf('chosen')).toMatchObject({ state: 'running' })
  })

  test('a promotion by hand, to the canary itself', async () => {
    const moved = await ask(ada, 'POST', `${canaryPath('chosen')}/promote`)
    expect(moved).toMatchObject({ status: 200, body: { items: [{ function: 'chosen', state: 'live', sha: two }] } })
    await onlyOld('chosen', 'two')
    await untilState('chosen', 'promoted')
  })

  test('a rollback', async () => {
    const begun = await ask(ada, 'POST', canaryPath('chosen'), { sha: one, weight: 50, rules: RULES })
    expect(begun.status).toBe(202)
    await untilTried('chosen', 'one')
    const back = await ask(ada, 'POST', `${ada.slug}/functions/chosen/rollback`, { sha: one })
    expect(back.status).toBe(200)
    await onlyOld('chosen', 'one')
    await untilState('chosen', 'promoted')
  })
})

test('another tenant sees nothing of it, and has none of it under the same name', async () => {
  const eve = await aTenantOf(world)
  await using theirs = await aWorkingCopy()
  await theirs.write({ 'stack.yml': stack(['split']), 'split/handler.js': handler('eve') })
  const sha = await theirs.commit()
  expect(await theirs.push(eve.gitUrl('shop'))).toMatchObject({ code: 0 })
  await start('split', { weight: 90, rules: RULES })
  await untilTried('split')
  expect(new Set(await calls('split', 40, eve))).toEqual(new Set(['eve']))
  for (const [method, body] of [
    ['GET'],
    ['POST', { sha: two, weight: 50 }],
    ['PATCH', { weight: 1 }],
    ['DELETE'],
  ] as const) {
    expect((await ask(eve, method, canaryPath('split'), body)).status).toBe(404)
  }
  expect((await ask(eve, 'POST', `${canaryPath('split')}/promote`)).status).toBe(404)
  expect((await ask(eve, 'POST', canaryPath('split', eve), { sha: two, weight: 50 })).status).toBe(404)
  expect((await ask(eve, 'POST', canaryPath('split', eve), { sha, weight: 50 })).status).toBe(409)
  expect(await canaryOf('split')).toMatchObject({ state: 'running', weight: 90 })

  // Nothing of the canary outlives its function.
  await copy.git('rm', '-r', '--quiet', '--ignore-unmatch', 'split')
  await copy.write({ 'stack.yml': stack(FUNCTIONS.filter((name) => name !== 'split')), 'split/handler.js': null })
  await copy.commit()
  expect(await copy.push(ada.gitUrl('shop'))).toMatchObject({ code: 0 })
  await expect.poll(() => call('split'), { timeout: 20_000 }).toBe('HTTP 404')
  await expect.poll(() => canaryContainers('split'), { timeout: 20_000 }).toBe(0)
  expect(new Set(await calls('split', 8, eve))).toEqual(new Set(['eve']))
})
