import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  await server.crash()
  const during = await Promise.all(projects.map((project) => project.push('during')))
  await world.github.settled()
  const attempts = world.github.webhooks.deliveries.slice(-3).map((delivery) => ({ delivery, ...delivery.attempts[0] }))
  console.info('webhooks while Postgres is away:', attempts.map(({ status, ms }) => `${status} in ${ms} ms`).join(', '))
  for (const { status } of attempts) expect(status ?? 0).not.toBeLessThan(500)
  await sleep(AWAY_MS)
  await server.start()
  const startedAt = Date.now()

  // What was answered with 202 needs nobody; what was not is sent again by who got no 202.
  const acknowledged = before.map(({ sha }) => sha)
  for (const one of acknowledged) {
    await expect
      .poll(async () => (await ledger.buildOf(one).catch(() => null))?.state, { timeout: 60_000 })
      .toMatch(/^(live|superseded|failed)$/)
  }
  console.info(`acknowledged pushes ended ${Date.now() - startedAt} ms after Postgres was back`)
  for (const { delivery } of attempts) await world.github.webhooks.redeliver(delivery.guid)
  for (const { sha } of during) await ledger.untilState(sha, 'live', 40_000)
  for (const project of projects) expect(await project.answer()).toBe('during')
  await ledger.untilQuiet(40_000)

  const figures = await load.stop()
  console.info('load over all of it:', JSON.stringify({ ...figures, failures: figures.failures.length }))
  expect(figures.failures).toEqual([])
})
