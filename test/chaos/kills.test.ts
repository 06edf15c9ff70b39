import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal } from '@pushfn/model/build-state'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Delivery } from '../support/github/webhooks.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { type AppName, startWorld, type World } from '../support/world.ts'
import { aChance, CHAOS_RUNS } from './support/chance.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { aBuiltinProject, aGithubProject, type Project } from './support/project.ts'

/** Pushes of several tenants while every process of the cloud is killed at random. */
let world: World
let ledger: Ledger
beforeAll(async () => {
  world = await startWorld()
  ledger = openLedger(world)
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const PUSHES = 20 * CHAOS_RUNS
const APPS: readonly AppName[] = ['api', 'builder', 'controller', 'gateway']

interface Made {
  project: Project
  marker: string
  sha: string
}

const isAcknowledged = ({ attempts }: Delivery) => attempts.some(({ status = 500 }) => status < 300)

test(`of ${PUSHES} pushes none that was acknowledged is lost, whatever is killed when`, async () => {
  const chance = aChance('kills')
  const projects = [
    ...(await Promise.all(['k-1', 'k-2', 'k-3'].map((name) => aGithubProject(world, name)))),
    ...(await Promise.all(['k-4', 'k-5'].map((name) => aBuiltinProject(world, name)))),
  ]
  let isOver = false
  const kills: Record<string, number> = {}
  const killing = (async () => {
    while (!isOver) {
      await sleep(chance.between(300, 2_500))
      const name = chance.pick(APPS)
      await world.app(name).stop({ signal: 'SIGKILL' })
      kills[name] = (kills[name] ?? 0) + 1
      await world.start(name)
    }
  })()

  const made: Made[] = []
  const watching: Promise<unknown>[] = []
  for (let n = 0; n < PUSHES; n++) {
    const project = projects[n % projects.length] ?? chance.pick(projects)
    const marker = `m-${n}`
    const sha = await project.commit(marker)
    made.push({ project, marker, sha })
    const pushed = project.copy.push(project.gitUrl)
    // Git waits for the build; a push whose answer was cut off may or may not have been taken.
    if (project.forge === 'builtin') watching.push(pushed)
    else await pushed
    await sleep(chance.between(100, 1_200))
  }
  isOver = true
  await killing
  const killedLast = Date.now()
  // As GitHub's operators do with what got no answer: the delivery is sent again.
  await world.github.settled()
  const failed = world.github.webhooks.deliveries.filter((delivery) => !isAcknowledged(delivery))
  for (const { guid } of failed) await world.github.webhooks.redeliver(guid)
  const last = projects.map((project) => made.findLast((one) => one.project === project))
  // A builtin push that was cut off is made again by its owner.
  for (const one of last) if (one?.project.forge === 'builtin') await one.project.copy.push(one.project.gitUrl)
  await Promise.all(watching)
  await ledger.untilQuiet(150_000)
  console.info(`quiet ${Date.now() - killedLast} ms after the last of`, kills, `and ${failed.length} redeliveries`)

  const states = await Promise.all(
    made.filter(({ project }) => project.forge === 'github').map(async ({ sha }) => (await ledger.buildOf(sha))?.state),
  )
  const lost = states.filter((state) => state === undefined || !isTerminal(state))
  console.info(`lost: ${lost.length} of ${states.length} acknowledged; ${states.join(' ')}`)
  expect(lost).toEqual([])
  for (const one of last) {
    // One that git took while nobody could note it is found a little later.
    await expect.poll(() => one?.project.answer(), { timeout: 100_000 }).toBe(one?.marker)
  }
  for (const { sha, project } of made.filter(({ project }) => project.forge === 'github')) {
    const newest = new Map(world.github.statusesOf(sha).map(({ context, state }) => [context, state]))
    expect([...newest.values()], `${project.tenant} ${sha}`).not.toContain('pending')
    expect(newest.get('stack-deploy')).toBeDefined()
  }
}, 400_000)

test('and nothing is left behind: no container, no network, no folder', async () => {
  await expect
    .poll(async () => (await litterOf(world.docker, world.cloud)).containers.map(shown), { timeout: 100_000 })
    .toHaveLength(5)
  const { networks } = await litterOf(world.docker, world.cloud)
  expect(networks).toHaveLength(5)
  const builds = join(world.dataDir, 'builds')
  const isThere = await access(builds).then(
    () => true,
    () => false,
  )
  expect(isThere ? await readdir(builds) : []).toEqual([])
})

/**
 * A new leader keeps as many replicas of what is live as it finds, for they may be what the load wants, and lets those go that
 * it does not want after a while. Which container is too many is to be read in the failure.
 */
const shown = ({ Names, State, Labels }: { Names: string[]; State: string; Labels: Record<string, string> }): string =>
  `${Names[0]} ${State} ${Object.entries(Labels)
    .filter(([name]) => /alias|revision/.test(name))
    .join(' ')}`
