import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { aGithubProject } from './support/project.ts'
import { watchBuilds } from './support/steps.ts'

/** A push that is superseded while the engine builds it: the engine stops, and not only we stop listening. */
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

/** A second each, or more: how far a step came tells how long it ran at the least. */
const BEATS = 240

const beating = (mark: string) => `n=0; while [ $n -lt ${BEATS} ]; do n=$((n+1)); echo ${mark} beat $n; sleep 1; done`

/** A function that answers with the marker, after a build step of its own. */
const filesWith = (step: string, marker: string) => ({
  'stack.yml': 'functions:\n  fn:\n    lang: dockerfile\n    handler: ./fn\n',
  'fn/Dockerfile': `FROM pushfn/base:latest\nRUN ${step}\nCOPY server.js .\nUSER 10001\nCMD ["node", "server.js"]\n`,
  'fn/server.js': `process.once('SIGTERM', () => process.exit())\nrequire('node:http').createServer((req, res) => res.end('${marker}')).listen(8080)\n`,
})

/** Ids of the processes on this machine, those in containers among them, that have the mark in their command line. */
const processesWith = async (mark: string): Promise<string[]> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const isMarked = async (id: string) => (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).includes(mark)
  const marked = await Promise.all(ids.map(isMarked))
  return ids.filter((_, n) => marked[n])
}

test('a build step that runs when a newer push comes is ended on the machine, and its commit is told why', async () => {
  const mark = randomUUID()
  const project = await aGithubProject(world, 'superseded', {
    files: (marker) => filesWith(marker === 'long' ? beating(mark) : `echo ${mark.slice(0, 8)}`, marker),
  })
  let lastBeat = 0
  const watch = await watchBuilds(world, testServers().redisUrl, (event) => {
    const beat = event.kind === 'log' && new RegExp(`${mark} beat (\\d+)`).exec(event.text)
    if (beat) lastBeat = Number(beat[1])
  })
  const long = await project.push('long')
  await expect.poll(() => lastBeat, { timeout: 60_000 }).toBeGreaterThan(1)
  expect(await processesWith(mark)).not.toEqual([])

  const beatBefore = lastBeat
  const newer = await project.push('newer')
  await ledger.untilState(newer.sha, 'live', 60_000)
  expect(await project.answer()).toBe('newer')
  await expect.poll(() => processesWith(mark), { timeout: 20_000 }).toEqual([])
  await watch.close()
  console.info(`superseded at beat ${beatBefore}, ended at beat ${lastBeat} of ${BEATS}`)
  expect(lastBeat).toBeLessThan(BEATS / 2)

  const build = await ledger.untilState(long.sha, 'superseded')
  expect(build).toMatchObject({ revisions: [], failure: { code: 'SUPERSEDED' } })
  for (const context of ['stack-deploy', 'fn']) {
    const told = await world.github.waitForStatus(long.sha, context, 'error')
    expect(told.description).toContain(`superseded by ${newer.sha.slice(0, 8)}`)
  }
})
