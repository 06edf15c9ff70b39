import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import type { NewInstallation } from '../support/github/fake-github.ts'
import type { Fault } from '../support/github/faults.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

/** What GitHub is told of a push, how often it is called for it, and what becomes of that while GitHub says no. */
let world: World
beforeAll(async () => {
  // However slow the machine that tests.
  world = await startWorld({ env: { REPORT_AFTER_MS: '30000' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const stack = 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n'
const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`

const aProject = async (login: string, installation?: NewInstallation) => {
  const account = world.github.createAccount(login)
  const repository = await world.github.createRepository({ owner: account, name: 'shop' })
  await world.github.install(account, installation)
  const copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': stack })
  const url = world.github.pushUrl(repository)
  const push = async (text: string) => {
    await copy.write({ 'hello/handler.js': handler(text) })
    const sha = await copy.commit()
    const { code, output } = await copy.push(url)
    if (code !== 0) throw new Error(output)
    return sha
  }
  return { push, [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose]() }
}

/** Resolves when the deployment of a commit has got this state. */
const untilDeployed = (sha: string, state = 'success', timeout = 60_000) =>
  expect
    .poll(() => world.github.deploymentsOf(sha).flatMap(({ statuses }) => statuses.map((status) => status.state)), {
      timeout,
    })
    .toContain(state)

/** All that a commit was told on one context. What changes nothing of a check run is no word: its answer was lost before. */
const wordsOn = (sha: string, context: string): string =>
  world.github
    .statusesOf(sha)
    .filter((word) => word.context === context)
    .map(({ state }) => state)
    .filter((state, n, states) => state !== states[n - 1])
    .join()

const apiCalls = () => world.github.calls.filter(({ path }) => path.startsWith('/api/'))

/** The operations that a push calls, from its beginning until nothing follows any more. */
const callsOf = async (push: () => Promise<string>) => {
  const before = apiCalls().length
  const sha = await push()
  await untilDeployed(sha)
  for (const context of ['stack-deploy', 'hello']) await world.github.waitForStatus(sha, context, 'success')
  await sleep(2_000)
  const operations = apiCalls()
    .slice(before)
    .map(({ operation }) => operation ?? '')
  return { sha, operations: operations.toSorted() }
}

test('a push of one function that is live soon costs four calls, and shows where it is deployed', async () => {
  await using project = await aProject('ada')
  // The first one mints the repository's tokens as well.
  const first = await callsOf(() => project.push('first'))
  const { sha, operations } = await callsOf(() => project.push('second'))
  expect(operations).toEqual([
    'checks/create',
    'checks/create',
    'repos/create-deployment',
    'repos/create-deployment-status',
  ])
  expect(first.operations).toEqual([...Array(3).fill('apps/create-installation-access-token'), ...operations])
  expect(world.github.deploymentsOf(sha)).toMatchObject([
    {
      environment: 'production',
      statuses: [{ state: 'success', fields: { environment_url: world.functionUrl('ada', 'hello') } }],
    },
  ])
})

test('one that takes its time costs seven at most, each word being told once and in order', async () => {
  await using project = await aProject('barbara')
  await callsOf(() => project.push('first'))
  // From here on all is told at once.
  await world.app('builder').stop()
  await world.start('builder', { REPORT_AFTER_MS: '0' })
  // The builder that was started anew has no tokens yet.
  await callsOf(() => project.push('second'))
  const { sha, operations } = await callsOf(() => project.push('third'))
  console.info(`calls of a push that is told of at once: ${operations.join()}`)
  expect(operations.length).toBeLessThanOrEqual(7)
  expect(wordsOn(sha, 'stack-deploy')).toBe('pending,success')
  expect(['pending,success', 'success']).toContain(wordsOn(sha, 'hello'))
})

const FAULTS: Fault[] = [
  { kind: 'primary-limit', resetInSeconds: 1 },
  { kind: 'secondary-limit', retryAfterSeconds: 1 },
  { kind: 'too-many', retryAfterSeconds: 1 },
  { kind: 'status', status: 500 },
  { kind: 'reset' },
  { kind: 'lost-answer' },
  { kind: 'status', status: 502 },
  { kind: 'hang' },
  { kind: 'lost-answer' },
]
const WRITES = ['checks/create', 'checks/update', 'repos/create-deployment', 'repos/create-deployment-status']

test('while GitHub limits, fails and hangs no build fails, and all is told late, in order, and once', async () => {
  await using project = await aProject('grace')
  for (const operation of WRITES) for (const fault of FAULTS) world.github.fail(operation, fault)
  for (const fault of FAULTS.slice(0, 4)) world.github.fail('apps/create-installation-access-token', fault)
  const sha = await project.push('first')
  await expect
    .poll(async () => (await localFetch(world.functionUrl('grace', 'hello'))).text(), { timeout: 90_000 })
    .toBe('first')
  await untilDeployed(sha, 'success', 200_000)
  for (const context of ['stack-deploy', 'hello']) {
    await world.github.waitForStatus(sha, context, 'success', 200_000)
  }
  await sleep(3_000)
  world.github.heal()
  for (const context of ['stack-deploy', 'hello']) {
    expect(['pending,success', 'success']).toContain(wordsOn(sha, context))
  }
  expect(world.github.checksOf(sha)).toHaveLength(2)
  const deployed = world.github.deploymentsOf(sha).map(({ statuses }) => statuses.map(({ state }) => state).join())
  expect([['in_progress,success'], ['success']]).toContainEqual(deployed)
}, 300_000)

test('without the permissions a push is told by statuses alone, and the log says so once', async () => {
  const permissions = { contents: 'read', metadata: 'read', statuses: 'write' } as const
  await using project = await aProject('joan', { permissions })
  for (const text of ['one', 'two']) {
    const sha = await project.push(text)
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await world.github.waitForStatus(sha, 'hello', 'success')
    await sleep(1_500)
    expect(world.github.statusesOf(sha).every(({ by }) => by === 'status')).toBe(true)
    expect([world.github.checksOf(sha), world.github.deploymentsOf(sha)]).toEqual([[], []])
  }
  const lines = (await world.logOf('builder')).split('\n').filter((line) => line.includes('no deployments'))
  expect(lines).toHaveLength(1)
})

test('a release that fails is a failed deployment, one that never began is none', async () => {
  await using project = await aProject('alan')
  await untilDeployed(await project.push('good'))
  const crashes = await project.push("'); throw new Error('x'); ('")
  await world.github.waitForStatus(crashes, 'stack-deploy', 'failure')
  await untilDeployed(crashes, 'failure')
  const broken = await project.push("'")
  await world.github.waitForStatus(broken, 'stack-deploy', 'failure')
  await sleep(1_500)
  expect(world.github.deploymentsOf(broken)).toEqual([])
})
