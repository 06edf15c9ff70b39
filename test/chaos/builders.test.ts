import { setTimeout as sleep } from 'node:timers/promises'
import type { StepName } from '@pushfn/model/build-state'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { litterOf } from '../support/remove-cloud.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { aGithubProject } from './support/project.ts'
import { watchBuilds } from './support/steps.ts'

/** A builder that dies, again and again or at an awkward moment, and one that was only thought dead. */
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

/** As if the 15 s had passed that a lease holds. */
const endLease = (buildId: string) =>
  ledger.db.$executeRaw`
    UPDATE builds SET lease_until = now() WHERE id = ${buildId}::uuid AND lease_until > now()`

const killBuilder = () => world.app('builder').stop({ signal: 'SIGKILL' })

/** Resolves with the build's id as soon as some build of the world begins the step. */
const stepBegins = async (step: StepName): Promise<{ begun: Promise<string>; close: () => Promise<void> }> => {
  const begun = Promise.withResolvers<string>()
  const watch = await watchBuilds(world, testServers().redisUrl, (event, id) => {
    if (event.kind === 'step' && event.step === step && event.status === 'started') begun.resolve(id)
  })
  return { begun: begun.promise, close: watch.close }
}

const containersOf = async (tenant: string) =>
  (await litterOf(world.docker, world.cloud)).containers.filter(
    ({ Labels }) => Labels['pushfn.cloud/tenant'] === tenant,
  )

/** A build step that takes long enough to stop the builder in it, and a function that answers with the marker. */
const slowFiles = (marker: string) => ({
  'stack.yml': 'functions:\n  fn:\n    lang: dockerfile\n    handler: ./fn\n',
  'fn/Dockerfile': `FROM pushfn/base:latest\nRUN sleep 2 && echo ${marker}\nCOPY server.js .\nUSER 10001\nCMD ["node", "server.js"]\n`,
  'fn/server.js': `process.once('SIGTERM', () => process.exit())\nrequire('node:http').createServer((req, res) => res.end('${marker}')).listen(8080)\n`,
})

describe('a builder that is killed', () => {
  test('in each step, one after the other, still brings the push live, once', async () => {
    const project = await aGithubProject(world, 'each-step')
    const steps: StepName[] = ['checkout', 'readStack', 'plan', 'build', 'release', 'report']
    let { begun, close } = await stepBegins('checkout')
    const { sha } = await project.push('survived')
    for (const [n] of steps.entries()) {
      const buildId = await begun
      await killBuilder()
      await close()
      const next = steps[n + 1]
      if (next) ({ begun, close } = await stepBegins(next))
      await endLease(buildId)
      await world.start('builder')
    }
    const build = await ledger.untilState(sha, 'live')
    expect(build.revisions).toHaveLength(1)
    expect(await project.answer()).toBe('survived')
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await world.github.waitForStatus(sha, 'fn', 'success')
    await expect.poll(async () => (await containersOf('each-step')).length, { timeout: 20_000 }).toBe(1)
  })

  test('and whose lease ends by itself is followed by another within half a minute', async () => {
    const other = await world.startAnother('builder')
    const project = await aGithubProject(world, 'by-itself', { files: slowFiles })
    const { begun, close } = await stepBegins('build')
    const { sha } = await project.push('taken-over')
    await begun
    const stopped = [world.app('builder'), other]
    const held = (await ledger.buildOf(sha))?.leaseOwner ?? ''
    const holder = stopped.find((app) => held.includes(`/${app.pid}/`))
    const killedAt = Date.now()
    await holder?.stop({ signal: 'SIGKILL' })
    await close()
    await ledger.untilState(sha, 'live', 40_000)
    const tookMs = Date.now() - killedAt
    console.info(`killed in the build step: live again after ${tookMs} ms`)
    expect(tookMs).toBeLessThan(30_000)
    expect(await project.answer()).toBe('taken-over')
    if (holder === world.app('builder')) await world.start('builder')
    await other.stop()
  })

  test('by a build each time gives that build up after ten claims, with a reason and a failing status', async () => {
    const project = await aGithubProject(world, 'poison', { files: slowFiles })
    let { begun, close } = await stepBegins('build')
    const { sha } = await project.push('never')
    const buildId = await begun
    await ledger.db.$executeRaw`UPDATE builds SET tries = 9 WHERE id = ${buildId}::uuid`
    for (const isLast of [false, true]) {
      await killBuilder()
      await close()
      if (!isLast) ({ begun, close } = await stepBegins('build'))
      await endLease(buildId)
      await world.start('builder')
      if (!isLast) await begun
    }
    const build = await ledger.untilState(sha, 'failed')
    expect(build.failure).toMatchObject({ code: 'POISONED', hint: expect.stringContaining('10 times') })
    const status = await world.github.waitForStatus(sha, 'stack-deploy', 'failure')
    expect(status.description).toContain('10 times')
    await world.github.waitForStatus(sha, 'fn', 'failure')
  })

  test('between ending the build and telling of it tells of it all the same', async () => {
    const project = await aGithubProject(world, 'last-word')
    await project.push('first')
    await using lock = await openLock()
    const { begun, close } = await stepBegins('release')
    const { sha } = await project.push('second')
    const buildId = await begun
    await close()
    // The builder's last word waits for this row; whatever it wrote before it stays when it is killed.
    await lock.query(`SELECT 1 FROM reports WHERE build_id = $1 AND context = 'stack-deploy' FOR UPDATE`, [buildId])
    await sleep(2_000)
    await killBuilder()
    // Postgres would carry out what waits, though nobody is there to hear of it.
    await lock.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`)
    await lock.query('ROLLBACK')
    await endLease(buildId)
    await world.start('builder')
    await ledger.untilState(sha, 'live')
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await world.github.waitForStatus(sha, 'fn', 'success')
    await expect.poll(() => ledger.db.buildLog.count({ where: { buildId } }), { timeout: 10_000 }).toBe(1)
  })
})

describe('a builder that was stopped and thought dead', () => {
  for (const step of ['build', 'release'] as const) {
    test(`in “${step}” changes nothing when it wakes up after others went on`, async () => {
      const tenant = `zombie-${step}`
      const project = await aGithubProject(world, tenant, { files: slowFiles })
      const { begun, close } = await stepBegins(step)
      const { sha } = await project.push('one')
      const buildId = await begun
      await close()
      const zombie = world.app('builder')
      process.kill(zombie.pid, 'SIGSTOP')
      try {
        await endLease(buildId)
        const other = await world.startAnother('builder')
        await ledger.untilState(sha, 'live')
        const newer = await project.push('two')
        await ledger.untilState(newer.sha, 'live')
        expect(await project.answer()).toBe('two')
        await ledger.untilQuiet(20_000)
        // The revision before takes its time to end.
        await expect.poll(async () => (await containersOf(tenant)).length, { timeout: 30_000 }).toBe(1)
        await expect.poll(async () => (await containersOf(tenant)).length, { timeout: 20_000 }).toBe(1)
        const before = await containersOf(tenant)
        process.kill(zombie.pid, 'SIGCONT')
        await sleep(4_000)
        expect(await project.answer()).toBe('two')
        expect((await ledger.buildOf(sha))?.state).toBe('live')
        expect((await ledger.buildOf(sha))?.revisions).toHaveLength(1)
        expect((await containersOf(tenant)).map(({ Id }) => Id)).toEqual(before.map(({ Id }) => Id))
        // What runs can be started again: the image of it was not taken away.
        const [running] = before
        await expect(world.docker.getImage(running?.ImageID ?? '').inspect()).resolves.toBeDefined()
        for (const one of [sha, newer.sha]) {
          expect(world.github.statusesOf(one).findLast(({ context }) => context === 'stack-deploy')?.state).toBe(
            'success',
          )
        }
        await other.stop()
      } finally {
        process.kill(zombie.pid, 'SIGCONT')
      }
    })
  }
})

const openLock = async () => {
  const client = new Client({ connectionString: world.databaseUrl })
  await client.connect()
  await client.query('BEGIN')
  return { query: client.query.bind(client), [Symbol.asyncDispose]: () => client.end() }
}
