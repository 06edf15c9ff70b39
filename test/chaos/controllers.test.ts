import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aSecret, aTenantWithSecrets, hashOf } from '../e2e/secrets-stage.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { type AppName, startWorld, type World } from '../support/world.ts'
import { CHAOS_RUNS } from './support/chance.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { startLoad } from './support/load.ts'
import { aGithubProject, type Project } from './support/project.ts'

/** Replicas that die, leaders that die, and every process stopped in good order. */
let world: World
let ledger: Ledger
let project: Project
beforeAll(async () => {
  world = await startWorld()
  ledger = openLedger(world)
  project = await aGithubProject(world, 'ada')
  await ledger.untilState((await project.push('one')).sha, 'live')
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const replicas = async () => (await litterOf(world.docker, world.cloud)).containers

const killReplica = async () => {
  const [replica] = await replicas()
  await world.docker.getContainer(replica?.Id ?? '').kill()
}

const untilAnswers = async (marker: string) => {
  const since = Date.now()
  await expect.poll(() => project.answer(), { timeout: 30_000, interval: 20 }).toBe(marker)
  return Date.now() - since
}

test('a replica that is killed is brought back, and callers reach it', async () => {
  for (let n = 0; n < 3; n++) {
    await killReplica()
    console.info(`killed: answers again after ${await untilAnswers('one')} ms`)
  }
  expect(await replicas()).toHaveLength(1)
})

test('when the leader is killed another leads and heals what died meanwhile', async () => {
  const other = await world.startAnother('controller')
  await killReplica()
  await world.app('controller').stop({ signal: 'SIGKILL' })
  console.info(`leader killed: answers again after ${await untilAnswers('one')} ms`)
  await ledger.untilState((await project.push('two')).sha, 'live')
  expect(await project.answer()).toBe('two')
  await other.stop()
  await world.start('controller')
  await ledger.untilState((await project.push('three')).sha, 'live')
  await expect.poll(async () => (await replicas()).length, { timeout: 30_000 }).toBe(1)
})

test('a leader killed in the midst of rollouts leaves one replica and the newest version', async () => {
  const load = startLoad(project.url, 50)
  for (let n = 0; n < 2 * CHAOS_RUNS; n++) {
    const { sha } = await project.push(`midway-${n}`)
    await expect.poll(() => ledger.db.revision.count({ where: { sha } }), { interval: 5, timeout: 20_000 }).toBe(1)
    await sleep(n * 120)
    await world.app('controller').stop({ signal: 'SIGKILL' })
    await world.start('controller')
    await ledger.untilState(sha, 'live')
    await expect.poll(() => project.answer(), { timeout: 10_000 }).toBe(`midway-${n}`)
  }
  const figures = await load.stop()
  console.info('leaders killed:', JSON.stringify({ ...figures, failures: figures.failures.length }))
  expect(figures.failures).toEqual([])
  await expect.poll(async () => (await replicas()).length, { timeout: 30_000 }).toBe(1)
})

test('every process but the gateway, stopped in good order under load, fails nothing and hands back what it has', async () => {
  const load = startLoad(project.url, 50)
  for (const name of ['api', 'builder', 'controller'] satisfies AppName[]) {
    const { sha } = await project.push(`stopped-${name}`)
    await world.github.settled()
    const stoppedAt = Date.now()
    await world.app(name).stop()
    const end = await world.app(name).ended
    console.info(`${name}: ended with ${end} after ${Date.now() - stoppedAt} ms`)
    expect(end).toBe('code 0')
    await world.start(name)
    await ledger.untilState(sha, 'live')
    expect((await ledger.buildOf(sha))?.tries).toBe(1)
  }
  const figures = await load.stop()
  expect(figures.failures).toEqual([])
  expect(await project.answer()).toBe('stopped-controller')
})

test('a gateway that is stopped ends the calls that are at it first', async () => {
  const calls = Array.from({ length: 10 }, () => fetchParts())
  await sleep(200)
  await world.app('gateway').stop()
  expect(await world.app('gateway').ended).toBe('code 0')
  expect(await Promise.all(calls)).toEqual(Array(10).fill(20))
  await world.start('gateway')
  expect(await project.answer()).toBe('stopped-controller')
})

/** How many parts of a stream of twenty came. */
const fetchParts = async () => {
  const text = await (await localFetch(`${project.url}?parts=20`)).text()
  return text.split('\n').filter(Boolean).length
}

test('a leader killed while a secret is rolled leaves nobody without it, and no call fails', async () => {
  const tenant = await aTenantWithSecrets(world)
  await tenant.set('password', aSecret())
  await tenant.push({ one: { secrets: ['password'], labels: { 'com.openfaas.scale.min': '2' } } })
  const stop = tenant.callAllTheWhile('one')
  for (const ms of [50, 400]) {
    const value = aSecret()
    await tenant.set('password', value)
    await sleep(ms)
    await world.app('controller').stop({ signal: 'SIGKILL' })
    await world.start('controller')
    await expect.poll(() => tenant.says('one'), { timeout: 40_000 }).toEqual({ password: hashOf(value) })
  }
  await expect.poll(async () => (await tenant.containers()).length, { timeout: 90_000 }).toBe(2)
  expect(await stop()).toEqual([])
})
