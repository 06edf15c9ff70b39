import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { litterOf } from '../support/remove-cloud.ts'
import { startWorld, type World } from '../support/world.ts'
import { aGatewayByHand } from './support/gateway-by-hand.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { type LoadFigures, startLoad } from './support/load.ts'
import { aGithubProject, type Project } from './support/project.ts'

/** Functions that grow, shrink, sleep and wake under callers who do not notice. The windows are short, by settings. */
let world: World
let ledger: Ledger
beforeAll(async () => {
  world = await startWorld({ env: { SCALE_STABLE_WINDOW_MS: '4000', SCALE_PANIC_WINDOW_MS: '1000' } })
  ledger = openLedger(world)
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const HANDLER = (marker: string) => `
const { Readable } = require('node:stream')
const { setTimeout: sleep } = require('node:timers/promises')
async function* parts(count) {
  for (let n = 0; n < count; n++) {
    await sleep(50)
    yield '${marker}\\n'
  }
}
module.exports = async (event, context) => {
  if (event.query.parts) return context.status(200).succeed(Readable.from(parts(Number(event.query.parts))))
  for (const until = Date.now() + Number(process.env.burn_ms ?? 0); Date.now() < until; );
  await sleep(100)
  return context.status(200).succeed(event.method === 'POST' ? '${marker} ' + event.body.length : '${marker}')
}
`

const aScaled = (login: string, labels: string, annotations = '', environment = '') =>
  aGithubProject(world, login, {
    files: (marker) => ({
      'stack.yml': `functions:
  fn:
    lang: node24
    handler: ./fn
    labels: {${labels}}
    annotations: {${annotations}}
    environment: {exec_timeout: 5s${environment}}
`,
      'fn/handler.js': HANDLER(marker),
    }),
  })

const containersOf = async (project: Project) =>
  (await litterOf(world.docker, world.cloud)).containers.filter(
    ({ Labels }) => Labels['pushfn.cloud/tenant'] === project.tenant,
  )
const statesOf = async (project: Project) => (await containersOf(project)).map(({ State }) => State).sort()
const untilStates = (project: Project, states: string[], timeout = 40_000) =>
  expect.poll(() => statesOf(project), { timeout, interval: 50 }).toEqual(states)

/** How often the controller said it of the project's function. */
const said = async (project: Project, message: string) =>
  (await world.logOf('controller')).split('\n').filter((line) => {
    const isOf = line.includes(`"tenant":"${project.tenant}"`)
    return isOf && line.includes(`"msg":"${message}"`)
  }).length

const flawless = (figures: LoadFigures) => expect(figures.failures).toEqual([])

describe('a function that nobody calls', () => {
  let project: Project
  beforeAll(async () => {
    project = await aScaled('sleeper', 'com.openfaas.scale.zero-duration: 2s', 'pushfn.cloud/stop-after: 8s')
    await ledger.untilState((await project.push('one')).sha, 'live')
  })

  test('is paused, then stopped, and answers its next call from either', async () => {
    await untilStates(project, ['paused'])
    expect(await project.answer()).toBe('one')
    await untilStates(project, ['paused'])
    await untilStates(project, ['exited'])
    expect(await project.answer()).toBe('one')
    await untilStates(project, ['running'])
  })

  test('is woken once, however many call', async () => {
    await untilStates(project, ['exited'])
    const before = await said(project, 'waking')
    const answers = await Promise.all(Array.from({ length: 60 }, () => project.answer()))
    expect(new Set(answers)).toEqual(new Set(['one']))
    expect((await said(project, 'waking')) - before).toBe(1)
  })

  test('is found asleep by another leader, which lets it sleep and wakes it when it is called', async () => {
    await untilStates(project, ['exited'])
    await world.app('controller').stop({ signal: 'SIGKILL' })
    await world.start('controller')
    await sleep(3_000)
    expect(await statesOf(project)).toEqual(['exited'])
    expect(await project.answer()).toBe('one')
    await untilStates(project, ['paused'])
    await world.app('controller').stop({ signal: 'SIGKILL' })
    await world.start('controller')
    expect(await project.answer()).toBe('one')
  })

  test('is woken although its containers are gone', async () => {
    await untilStates(project, ['exited'])
    for (const { Id } of await containersOf(project)) await world.docker.getContainer(Id).remove({ force: true })
    expect(await project.answer()).toBe('one')
  })

  test('is deployed anew while it sleeps, without a call that fails', async () => {
    await untilStates(project, ['exited'])
    const pushing = project.push('two')
    await ledger.untilState((await pushing).sha, 'live')
    expect(await project.answer()).toBe('two')
    // The old one is removed behind it.
    await untilStates(project, ['running'])
  })
})

test('with zero=false it never sleeps', async () => {
  const project = await aScaled('awake', 'com.openfaas.scale.zero: false, com.openfaas.scale.zero-duration: 1s')
  await ledger.untilState((await project.push('one')).sha, 'live')
  await sleep(4_000)
  expect(await statesOf(project)).toEqual(['running'])
})

test('from none to many and back to none, under a load that changes, no request fails', async () => {
  const labels = `com.openfaas.scale.max: 4, com.openfaas.scale.target: 5, com.openfaas.scale.target-proportion: 1,
      com.openfaas.scale.zero-duration: 3s`
  const project = await aScaled('elastic', labels, 'pushfn.cloud/stop-after: 10s')
  await ledger.untilState((await project.push('one')).sha, 'live')
  const seen: number[] = []
  const watching = setInterval(async () => {
    seen.push((await statesOf(project)).filter((state) => state === 'running').length)
  }, 250)
  try {
    for (const round of [1, 2]) {
      await untilStates(project, [round === 1 ? 'exited' : 'paused'])
      for (const perSecond of [5, 80, 20]) {
        const load = startLoad(project.url, perSecond)
        await sleep(4_000)
        const figures = await load.stop()
        console.info(`${perSecond}/s:`, JSON.stringify({ ...figures, failures: figures.failures.length }))
        flawless(figures)
      }
      expect(Math.max(...seen)).toBeGreaterThanOrEqual(2)
      expect(Math.max(...seen)).toBeLessThanOrEqual(4)
    }
    await untilStates(project, ['exited'])
  } finally {
    clearInterval(watching)
  }
})

test.each([
  { type: 'rps', target: 6, environment: '' },
  // 20 calls a second that each compute for 20 ms are 400 thousandths of a core.
  { type: 'cpu', target: 100, environment: ', burn_ms: 20' },
])('grows by $type as well, and shrinks again', async ({ type, target, environment }) => {
  const labels = `com.openfaas.scale.type: ${type}, com.openfaas.scale.target: ${target}, com.openfaas.scale.max: 3`
  const project = await aScaled(`by-${type}`, labels, '', environment)
  await ledger.untilState((await project.push('one')).sha, 'live')
  const load = startLoad(project.url, 20, ['GET'])
  await untilStates(project, ['running', 'running', 'running'])
  flawless(await load.stop())
  await untilStates(project, ['running'])
})

test('calls that come at the moment it falls asleep are not lost', async () => {
  const project = await aScaled('drowsy', 'com.openfaas.scale.zero-duration: 1s', 'pushfn.cloud/stop-after: 1s')
  await ledger.untilState((await project.push('one')).sha, 'live')
  const failed: string[] = []
  // Each comes a little later than the last: some meet the moment of falling asleep, which idleness and its telling decide.
  for (let n = 0; n < 16; n++) {
    const answer = await project.answer()
    if (answer !== 'one') failed.push(answer)
    await sleep(1_000 + n * 125)
  }
  expect(failed).toEqual([])
  // Its program takes longer to end than the gaps are: that its route was taken away is what the calls had to meet.
  expect(await said(project, 'waking')).toBeGreaterThan(0)
})

test('replicas that are killed under load fail no idempotent request', async () => {
  const project = await aScaled('mortal', 'com.openfaas.scale.min: 3, com.openfaas.scale.max: 3')
  await ledger.untilState((await project.push('one')).sha, 'live')
  const load = startLoad(project.url, 40, ['GET'])
  for (let n = 0; n < 6; n++) {
    await sleep(700)
    const running = (await containersOf(project)).filter(({ State }) => State === 'running')
    // All of them, once: then calls wait until one is back.
    const killed = n === 5 ? running : running.slice(0, 1)
    await Promise.all(killed.map(({ Id }) => world.docker.getContainer(Id).kill()))
  }
  await sleep(1_000)
  const figures = await load.stop()
  console.info('killed:', JSON.stringify({ ...figures, failures: figures.failures.length }))
  flawless(figures)
  await untilStates(project, ['running', 'running', 'running'])
})

test('a function falls asleep only when every gateway has said that nothing is at it', async () => {
  await using gateway = await aGatewayByHand(world)
  const project = await aScaled('awaited', 'com.openfaas.scale.zero-duration: 1s', 'pushfn.cloud/stop-after: never')
  await ledger.untilState((await project.push('one')).sha, 'live')
  const key = `${project.tenant}/fn`
  await expect.poll(() => gateway.isOffRoute(key), { timeout: 20_000, interval: 20 }).toBe(true)
  await sleep(3_000)
  expect(await statesOf(project)).toEqual(['running'])
  await gateway.sayDrained(key)
  await untilStates(project, ['paused'])
})
