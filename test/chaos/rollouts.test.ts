import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { litterOf } from '../support/remove-cloud.ts'
import { startWorld, type World } from '../support/world.ts'
import { CHAOS_RUNS } from './support/chance.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { startLoad } from './support/load.ts'
import { aGithubProject, handler, type Project, STACK } from './support/project.ts'

/** Versions change under callers who do not notice. */
let world: World
let ledger: Ledger
beforeAll(async () => {
  world = await startWorld({ env: { READY_LIMIT_MS: '4000' } })
  ledger = openLedger(world)
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const RATE = 80

/** Handlers that never get ready, each in its own way. */
const BROKEN: Record<string, string> = {
  'ends at its start': 'process.exit(3)\n',
  'throws at its start': "throw new Error('no')\n",
  'hangs at its start': 'for (;;) {}\n',
  'takes all memory': 'const all = []\nfor (;;) all.push(Buffer.alloc(1e7, 1))\n',
}

const containersOf = async (project: Project) =>
  (await litterOf(world.docker, world.cloud)).containers.filter(
    ({ Labels }) => Labels['pushfn.cloud/tenant'] === project.tenant,
  )

/** On a slow machine the load is one for two replicas, and the second is kept for a while. */
const SCALED_DOWN_MS = 110_000

describe('under a constant load of GET, POST and streams', () => {
  test('ten rollouts fail no request', async () => {
    const project = await aGithubProject(world, 'rolled')
    await ledger.untilState((await project.push('v0')).sha, 'live')
    const load = startLoad(project.url, RATE)
    const rollouts = 10 * CHAOS_RUNS
    for (let n = 1; n <= rollouts; n++) await ledger.untilState((await project.push(`v${n}`)).sha, 'live')
    const figures = await load.stop()
    console.info(`${rollouts} rollouts:`, JSON.stringify({ ...figures, failures: figures.failures.length }))
    expect(figures.failures).toEqual([])
    expect(Object.keys(figures.answers)).toHaveLength(rollouts + 1)
    await expect.poll(async () => (await containersOf(project)).length, { timeout: SCALED_DOWN_MS }).toBe(1)
  })

  test('deploys that fail change nothing for callers and leave nothing', async () => {
    let broken: string | undefined
    const project = await aGithubProject(world, 'unharmed', {
      files: (marker) => ({ 'stack.yml': STACK, 'fn/handler.js': broken ?? handler(marker) }),
    })
    await ledger.untilState((await project.push('good')).sha, 'live')
    const load = startLoad(project.url, RATE)
    for (const [name, code] of Object.entries(BROKEN)) {
      broken = code
      const startedAt = Date.now()
      const { sha } = await project.push('bad')
      const build = await ledger.untilState(sha, 'failed', 40_000)
      console.info(`a function that ${name}: failed after ${Date.now() - startedAt} ms`)
      expect(build.failure).toMatchObject({ code: 'NOT_READY' })
      await world.github.waitForStatus(sha, 'stack-deploy', 'failure')
    }
    const figures = await load.stop()
    console.info('failed deploys:', JSON.stringify({ ...figures, failures: figures.failures.length }))
    expect(figures.failures).toEqual([])
    expect(Object.keys(figures.answers)).toEqual(['good'])
    await expect.poll(async () => (await containersOf(project)).length, { timeout: SCALED_DOWN_MS }).toBe(1)
  })
})
