import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Delivery } from '../support/github/webhooks.ts'
import { startWorld, type World } from '../support/world.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { startLoad } from './support/load.ts'
import { type OwnServer, ownPostgres } from './support/own-servers.ts'
import { aGithubProject } from './support/project.ts'

/** Postgres crashes and is away for a while. */
let server: OwnServer
let world: World
let ledger: Ledger
beforeAll(async () => {
  server = await ownPostgres()
  world = await startWorld({ databaseUrl: server.url })
  ledger = openLedger(world)
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const AWAY_MS = 8_000

test('a crash in the midst of builds costs no acknowledged push, no caller notices, all goes on by itself', async () => {
  const warm = await aGithubProject(world, 'warm')
  const { sha } = await warm.push('warm')
  await ledger.untilState(sha, 'live')
  const projects = await Promise.all([1, 2, 3].map((n) => aGithubProject(world, `p-${n}`)))
  const load = startLoad(warm.url, 50)

  const before = await Promise.all(projects.map((project) => project.push('before')))
  await sleep(300)
  await server.crash()
  const during = await Promise.all(projects.map((project) => project.push('during')))
  await world.github.settled()
  const told = [...before, ...during].map(({ sha }) => pushOf(world.github.webhooks.deliveries, sha))
  const answers = told.map(({ attempts }) => `${attempts[0]?.status} in ${attempts[0]?.ms} ms`)
  console.info('webhooks before and while Postgres is away:', answers.join(', '))
  await sleep(AWAY_MS)
  await server.start()
  const startedAt = Date.now()

  // What was answered with 2xx needs nobody; what was not is sent again by who got no 2xx.
  const unacknowledged = told.filter(({ attempts }) => (attempts[0]?.status ?? 500) >= 300)
  expect(unacknowledged.length).toBeGreaterThanOrEqual(during.length)
  for (const { sha } of before) {
    if (!unacknowledged.some(({ payload }) => payload.after === sha)) await ledger.untilState(sha, 'live', 60_000)
  }
  console.info(
    `${told.length - unacknowledged.length} acknowledged pushes ended ${Date.now() - startedAt} ms after Postgres was back`,
  )
  for (const { guid } of unacknowledged) expect((await world.github.webhooks.redeliver(guid)).status).toBe(202)
  for (const { sha } of during) await ledger.untilState(sha, 'live', 60_000)
  for (const project of projects) expect(await project.answer()).toBe('during')
  await ledger.untilQuiet(40_000)

  const figures = await load.stop()
  console.info('load over all of it:', JSON.stringify({ ...figures, failures: figures.failures.length }))
  expect(figures.failures).toEqual([])
})

const pushOf = (deliveries: readonly Delivery[], sha: string): Delivery => {
  const delivery = deliveries.find(({ event, payload }) => event === 'push' && payload.after === sha)
  if (!delivery) throw new Error(`nobody was told of ${sha}`)
  return delivery
}
