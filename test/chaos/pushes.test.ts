import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorld, type World } from '../support/world.ts'
import { aChance, CHAOS_RUNS } from './support/chance.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { aBuiltinProject, aGithubProject, type Project } from './support/project.ts'

/** Many pushes of one ref: the last one made is what answers, whatever order the cloud hears of them in. */
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

/** Builds of a tenant that went as far as an image. */
const fullBuilds = (tenant: string) =>
  ledger.db.build.count({ where: { push: { repository: { tenant: { slug: tenant } } }, revisions: { some: {} } } })

/** The forge is told later: GitHub takes about one status a second. */
const answersAtLast = async (project: Project, marker: string) => {
  await ledger.untilEnded(40_000)
  expect(await project.answer()).toBe(marker)
}

describe('of pushes of one ref', () => {
  test('A, B and A again it is A that answers', async () => {
    const project = await aGithubProject(world, 'there-and-back')
    const a = await project.push('A')
    await ledger.untilState(a.sha, 'live')
    const b = await project.push('B')
    await project.copy.git('reset', '--quiet', '--hard', a.sha)
    await project.copy.push(project.gitUrl, 'main', '--force')
    await answersAtLast(project, 'A')
    expect((await ledger.buildOf(b.sha))?.state).toMatch(/^(live|superseded)$/)
  })

  test('twenty in a burst the last answers, after few full builds, and the others are told as superseded', async () => {
    const project = await aGithubProject(world, 'burst')
    const shas: string[] = []
    for (let n = 1; n <= 20; n++) shas.push((await project.push(`burst-${n}`)).sha)
    await answersAtLast(project, 'burst-20')
    const built = await fullBuilds('burst')
    const states = await Promise.all(shas.map(async (sha) => (await ledger.buildOf(sha))?.state))
    console.info(`20 pushes in a burst: ${built} went as far as a revision; ${states.join(' ')}`)
    expect(states.every((state) => state === 'live' || state === 'superseded')).toBe(true)
    expect(states.at(-1)).toBe('live')
  })

  test('told of in any order the last one made answers', async () => {
    const chance = aChance('order')
    for (let run = 0; run < 2 * CHAOS_RUNS; run++) {
      const project = await aGithubProject(world, `order-${run}`)
      world.github.webhooks.hold()
      for (const marker of ['a', 'b', 'c', 'd', 'e', 'f']) await project.push(marker)
      await world.github.settled()
      const pushes = (name: string) => (delivery: { event: string }) =>
        (delivery.event === 'push') === (name === 'push')
      await world.github.webhooks.release((held) => [
        ...held.filter(pushes('other')),
        ...chance.shuffled(held.filter(pushes('push'))),
      ])
      await answersAtLast(project, 'f')
    }
  })

  test('to the builtin forge the last that git took answers', async () => {
    const project = await aBuiltinProject(world, 'builtin-burst')
    const pushed = []
    for (let n = 1; n <= 6; n++) {
      await project.commit(`builtin-${n}`)
      // Each waits for its build in git's own output: the next one does not wait for that.
      pushed.push(project.copy.push(project.gitUrl))
      const sha = await project.copy.git('rev-parse', 'HEAD')
      await expect.poll(async () => (await ledger.buildOf(sha)) !== null, { timeout: 10_000 }).toBe(true)
    }
    await ledger.untilEnded(60_000)
    const outputs = await Promise.all(pushed)
    expect(outputs.map(({ code }) => code)).toEqual(Array(6).fill(0))
    await answersAtLast(project, 'builtin-6')
  })
})

test('a push that git took while nobody could note it is found and built', async () => {
  const project = await aBuiltinProject(world, 'unnoted')
  expect(await project.push('noted')).toMatchObject({ code: 0 })
  const repository = await ledger.db.repository.findFirstOrThrow({ where: { tenant: { slug: 'unnoted' } } })
  await world.app('api').stop({ signal: 'SIGKILL' })
  const sha = await project.commit('unnoted')
  await project.copy.git('push', '--quiet', join(world.dataDir, 'git', `${repository.id}.git`), 'HEAD:refs/heads/main')
  await world.start('api')
  await ledger.untilState(sha, 'live')
  await answersAtLast(project, 'unnoted')
})
