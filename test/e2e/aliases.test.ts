import { setTimeout as sleep } from 'node:timers/promises'
import { AliasName, aliasHost, commitAlias } from '@pushfn/model/alias'
import { pointAlias, removeAlias, wantLive } from '@pushfn/store/aliases'
import { channels } from '@pushfn/store/bus'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ledger, openLedger } from '../chaos/support/ledger.ts'
import { aGithubProject, type Project } from '../chaos/support/project.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'

/** Names beside `live`: commits' own URLs, what a pull request will have, and what is left of them after a while. */
const KEPT = 3
let world: World
let ledger: Ledger
let redis: Redis
beforeAll(async () => {
  world = await startWorld({ env: { COMMIT_IDLE_MS: '2000', KEEP_REVISIONS: String(KEPT), SWEEP_MS: '500' } })
  ledger = openLedger(world)
  redis = new Redis(testServers().redisUrl)
})
afterAll(async () => {
  redis.disconnect()
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const pushed = async (project: Project, marker: string): Promise<string> => {
  const { sha } = await project.push(marker)
  await ledger.untilState(sha, 'live')
  return sha
}

/** What the function answers under an alias: its marker, or `HTTP <status>`. */
const answerAt = async (tenant: string, alias: string): Promise<string> => {
  const url = world.functionUrl(aliasHost({ tenant, alias }), 'fn')
  const response = await localFetch(url, { signal: AbortSignal.timeout(20_000) })
  const text = await response.text()
  return response.status === 200 ? text : `HTTP ${response.status}`
}

/** `<alias> <state>` of each of the tenant's containers. */
const containersOf = async ({ tenant }: Pick<Project, 'tenant'>) =>
  (await litterOf(world.docker, world.cloud)).containers
    .filter(({ Labels }) => Labels['pushfn.cloud/tenant'] === tenant)
    .map(({ Labels, State }) => `${Labels['pushfn.cloud/alias']} ${State}`)
    .toSorted()
const untilContainers = (project: Pick<Project, 'tenant'>, expected: string[]) =>
  expect.poll(() => containersOf(project), { timeout: 30_000, interval: 50 }).toEqual(expected.toSorted())

const imagesOf = async ({ tenant }: Pick<Project, 'tenant'>): Promise<string[]> =>
  (await litterOf(world.docker, world.cloud)).images
    .filter(({ Labels }) => Labels['pushfn.cloud/tenant'] === tenant)
    .map(({ Id }) => Id)

const revisionOf = async (sha: string) => ledger.db.revision.findFirstOrThrow({ where: { sha } })
const ring = (functionId: string) => redis.publish(channels(world.cloud).functionWanted, functionId)

describe('a commit’s own URL', () => {
  let project: Project
  let shas: [string, string]
  const [first, second] = [() => commitAlias(shas[0]), () => commitAlias(shas[1])]
  beforeAll(async () => {
    project = await aGithubProject(world, 'committed')
    shas = [await pushed(project, 'one'), await pushed(project, 'two')]
  })

  test('costs no container until it is called, and answers its own version while live moves', async () => {
    await untilContainers(project, ['live running'])
    expect(await answerAt(project.tenant, first())).toBe('one')
    expect(await answerAt(project.tenant, second())).toBe('two')
    expect(await project.answer()).toBe('two')
    expect(await containersOf(project)).toEqual(
      [`${first()} running`, `${second()} running`, 'live running'].toSorted(),
    )
  })

  test('sleeps again soon, and leaves nothing; live goes on', async () => {
    await untilContainers(project, ['live running'])
    expect(await project.answer()).toBe('two')
    expect(await answerAt(project.tenant, first())).toBe('one')
    await untilContainers(project, ['live running'])
  })

  test('is woken once, however many call it at once', async () => {
    await untilContainers(project, ['live running'])
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerAt(project.tenant, first())))
    expect(new Set(answers)).toEqual(new Set(['one']))
    expect(await containersOf(project)).toEqual([`${first()} running`, 'live running'].toSorted())
  })

  test('sleeps on under another leader, which wakes it when it is called', async () => {
    await untilContainers(project, ['live running'])
    await world.app('controller').stop({ signal: 'SIGKILL' })
    await world.start('controller')
    await sleep(1_500)
    expect(await containersOf(project)).toEqual(['live running'])
    expect(await answerAt(project.tenant, second())).toBe('two')
  })

  test('is nobody else’s: under another tenant’s name it is not there', async () => {
    const other = await aGithubProject(world, 'uncommitted')
    const sha = await pushed(other, 'theirs')
    expect(await answerAt(other.tenant, first())).toBe('HTTP 404')
    expect(await answerAt(project.tenant, commitAlias(sha))).toBe('HTTP 404')
    expect(await answerAt(other.tenant, commitAlias(sha))).toBe('theirs')
  })

  test('goes when its function does, with whatever runs there', async () => {
    const leaving = await aGithubProject(world, 'leaving')
    const sha = await pushed(leaving, 'one')
    expect(await answerAt(leaving.tenant, commitAlias(sha))).toBe('one')
    const { functionId } = await revisionOf(sha)
    await ledger.db.function.update({ where: { id: functionId }, data: { removedAt: new Date() } })
    await ring(functionId)
    await untilContainers(leaving, [])
    expect(await answerAt(leaving.tenant, commitAlias(sha))).toBe('HTTP 404')
    await expect.poll(() => ledger.db.alias.findMany({ where: { functionId } })).toMatchObject([{ name: 'live' }])
  })
})

describe('an alias beside live', () => {
  const PREVIEW = AliasName.parse('pr-7-shop')
  let project: Project
  let functionId: string
  beforeAll(async () => {
    project = await aGithubProject(world, 'previewed')
    const revision = await revisionOf(await pushed(project, 'one'))
    functionId = revision.functionId
    await ledger.db.$transaction((tx) =>
      pointAlias(tx, { name: PREVIEW, expiresAt: null }, { functionId, revisionId: revision.id, sequence: 1n }),
    )
    await ring(functionId)
  })

  test('has replicas of its own for the very revision that is live', async () => {
    await expect.poll(() => answerAt(project.tenant, PREVIEW), { timeout: 20_000 }).toBe('one')
    expect(await containersOf(project)).toEqual(['live running', 'pr-7-shop running'])
  })

  test('stays where it is while live moves, and is healed without a look at live', async () => {
    await pushed(project, 'two')
    expect([await answerAt(project.tenant, PREVIEW), await project.answer()]).toEqual(['one', 'two'])
    await untilContainers(project, ['live running', 'pr-7-shop running'])
    const { containers } = await litterOf(world.docker, world.cloud)
    const mine = containers.filter(({ Labels }) => Labels['pushfn.cloud/tenant'] === project.tenant)
    const idOf = (alias: string) => mine.find(({ Labels }) => Labels['pushfn.cloud/alias'] === alias)?.Id ?? ''
    const live = idOf('live')
    await world.docker.getContainer(idOf(PREVIEW)).kill()
    await expect.poll(() => answerAt(project.tenant, PREVIEW), { timeout: 20_000 }).toBe('one')
    expect((await world.docker.getContainer(live).inspect()).State.Running).toBe(true)
  })

  test('goes when it is removed, or when its time is over; live does not', async () => {
    await ledger.db.$transaction((tx) => removeAlias(tx, { functionId, name: PREVIEW }))
    await ring(functionId)
    await untilContainers(project, ['live running'])
    expect([await answerAt(project.tenant, PREVIEW), await project.answer()]).toEqual(['HTTP 404', 'two'])

    const { id: revisionId } = await ledger.db.revision.findFirstOrThrow({
      where: { functionId },
      orderBy: { id: 'desc' },
    })
    const soon = new Date(Date.now() + 4_000)
    await ledger.db.$transaction((tx) =>
      pointAlias(tx, { name: PREVIEW, expiresAt: soon }, { functionId, revisionId, sequence: 1n }),
    )
    await ring(functionId)
    await untilContainers(project, ['live running', 'pr-7-shop running'])
    await untilContainers(project, ['live running'])
    expect(await answerAt(project.tenant, PREVIEW)).toBe('HTTP 404')
  })
})

describe('what is kept of the past', () => {
  const PINNED = AliasName.parse('pr-1-shop')
  let project: Project
  let neighbour: Project
  const shas: string[] = []
  let neighbours: string[]
  beforeAll(async () => {
    neighbour = await aGithubProject(world, 'beside')
    project = await aGithubProject(world, 'swept')
    const theirs = [await pushed(neighbour, 'n1'), await pushed(neighbour, 'n2')]
    neighbours = await Promise.all(theirs.map(async (sha) => (await revisionOf(sha)).digest))
    shas.push(await pushed(project, 'v1'))
    const pinned = await revisionOf(shas[0] ?? '')
    await ledger.db.$transaction((tx) =>
      pointAlias(
        tx,
        { name: PINNED, expiresAt: null },
        { functionId: pinned.functionId, revisionId: pinned.id, sequence: 1n },
      ),
    )
    await ring(pinned.functionId)
    for (const marker of ['v2', 'v3', 'v4', 'v5']) shas.push(await pushed(project, marker))
  }, 180_000)

  const digests = async () => Promise.all(shas.map(async (sha) => (await revisionOf(sha)).digest))
  const urls = async () => Promise.all(shas.map((sha) => answerAt(project.tenant, commitAlias(sha))))

  test('the last revisions, the live one and what an alias points at; the rest loses URL, containers and image', async () => {
    const [v1, , v3, v4, v5] = await digests()
    const kept = [v1, v3, v4, v5].toSorted()
    await expect.poll(async () => (await imagesOf(project)).toSorted(), { timeout: 30_000 }).toEqual(kept)
    // The first has lost none of what another alias needs, and the second nothing left.
    await expect.poll(() => answerAt(project.tenant, PINNED), { timeout: 20_000 }).toBe('v1')
    expect(await urls()).toEqual(['v1', 'HTTP 404', 'v3', 'v4', 'v5'])
    expect(await project.answer()).toBe('v5')
    await untilContainers(project, ['live running', `${PINNED} running`])
  })

  test('is the tenant’s own: a neighbour’s past is counted by itself', async () => {
    expect((await imagesOf(neighbour)).toSorted()).toEqual(neighbours.toSorted())
    expect(await neighbour.answer()).toBe('n2')
  })

  test('what an alias held goes once the alias does', async () => {
    const { functionId } = await revisionOf(shas[0] ?? '')
    await ledger.db.$transaction((tx) => removeAlias(tx, { functionId, name: PINNED }))
    await ring(functionId)
    const kept = (await digests()).slice(-KEPT).toSorted()
    await expect.poll(async () => (await imagesOf(project)).toSorted(), { timeout: 30_000 }).toEqual(kept)
    await expect.poll(urls, { timeout: 10_000 }).toEqual(['HTTP 404', 'HTTP 404', 'v3', 'v4', 'v5'])
  })

  test('the oldest that is kept can be live again, and is then the last to go', async () => {
    const { functionId, id: revisionId } = await revisionOf(shas[2] ?? '')
    const wish = (id: string) =>
      ledger.db.$transaction((tx) => wantLive(tx, { functionId, revisionId: id, sequence: 1_000n }))
    await wish(revisionId)
    await ring(functionId)
    await expect.poll(() => project.answer(), { timeout: 20_000 }).toBe('v3')
    const swept = await revisionOf(shas[1] ?? '')
    await expect(wish(swept.id)).rejects.toMatchObject({ code: 'CONFLICT' })
    await sleep(1_500)
    expect((await imagesOf(project)).toSorted()).toEqual((await digests()).slice(-KEPT).toSorted())
  })
})
