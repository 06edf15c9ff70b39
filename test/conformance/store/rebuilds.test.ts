import { randomUUID } from 'node:crypto'
import { advanceRebuild } from '@pushfn/store/advance-rebuild'
import { confirmLive, moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild, finishBuild, supersededBy } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { liveFunctions, openRebuild, planRebuild, rebuildOf, wishRebuild } from '@pushfn/store/rebuilds'
import { rebuiltNames, releaseRebuild } from '@pushfn/store/release-rebuild'
import { release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: (TestDatabase & { readonly db: Database }) | undefined
let db: Database
beforeEach(async () => {
  await database?.[Symbol.asyncDispose]()
  database = await openTestDatabase()
  db = database.db
})
afterAll(() => database?.[Symbol.asyncDispose]())

const BASE = 'debian:bookworm'
const on = (id: string) => [{ image: BASE, id, digest: null, isOfCloud: false }]
const TODAY = {
  cloud: { image: 'pushfn/base', id: 'c', digest: null },
  named: [{ image: BASE, id: 'new', digest: null }],
}

const claimed = async (buildId: string) => {
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  return { build, claim: { buildId, generation: build.generation } }
}

/** A push of one function goes live on a base. */
const goLive = async (repository: Repository, base: string, name = 'a') => {
  const { buildId } = await aQueuedPush(db, repository)
  const { build, claim } = await claimed(buildId)
  const [revision] = await release(db, {
    claim,
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    sha: build.push.sha,
    sequence: build.push.sequence,
    functions: [{ name, image: 'img', digest: `sha256:${randomUUID()}`, spec: aSpec(), bases: on(base) }],
  })
  if (!revision) throw new Error('nothing was released')
  await moveAlias(db, revision)
  await confirmLive(db, revision.revisionId)
  await finishBuild(db, claim, 'live')
  return { ...revision, push: build.push }
}

const begin = async () => {
  await wishRebuild(db, {})
  const open = await openRebuild(db)
  if (!open) throw new Error('no rebuild')
  await planRebuild(db, open, { today: TODAY, functions: await liveFunctions(db, open.tenants) })
  const advance = (atOnce = 1) => advanceRebuild(db, { rebuildId: open.id, today: TODAY, atOnce })
  const counts = async () => {
    const view = await rebuildOf(db, open.id)
    const count = (state: string) => view?.count(state) ?? 0
    return {
      waiting: count('waiting'),
      done: count('done'),
      moved: count('moved'),
      isFinished: view?.finishedAt !== null,
    }
  }
  return { advance, counts }
}

const releaseOf = async (repository: Repository, buildId: string) => {
  const { claim } = await claimed(buildId)
  const [name = ''] = await rebuiltNames(db, buildId)
  const wanted = { name, image: 'img', digest: `sha256:${randomUUID()}`, spec: aSpec(), bases: on('new') }
  const facts = { claim, tenantId: repository.tenantId, repositoryId: repository.id, functions: [wanted] }
  return { claim, revisions: await releaseRebuild(db, facts) }
}

describe('a push', () => {
  test('that goes live while its function is built again stays, and is looked at in place of what was', async () => {
    const repository = await aRepository(db)
    await goLive(repository, 'old')
    const { advance, counts } = await begin()
    const [buildId = ''] = await advance()
    const newer = await goLive(repository, 'old')
    const { claim, revisions } = await releaseOf(repository, buildId)
    expect(revisions).toEqual([])
    await finishBuild(db, claim, 'live')
    const [again = ''] = await advance()
    const second = await releaseOf(repository, again)
    expect(second.revisions).toMatchObject([{ name: 'a', functionId: newer.functionId }])
    const { sha } = await db.revision.findUniqueOrThrow({ where: { id: second.revisions[0]?.revisionId ?? '' } })
    expect(sha).toBe(newer.push.sha)
    await finishBuild(db, second.claim, 'live')
    expect(await advance()).toEqual([])
    expect(await counts()).toEqual({ waiting: 0, done: 1, moved: 0, isFinished: true })
  })

  test('supersedes what an operator has built again, never the other way round, and may bring the new base itself', async () => {
    const repository = await aRepository(db)
    const { push } = await goLive(repository, 'old')
    const { advance, counts } = await begin()
    const [buildId = ''] = await advance()
    expect(await supersededBy(db, push)).toBeUndefined()
    const { build, claim } = await claimed(buildId)
    expect(await supersededBy(db, build.push)).toBeUndefined()
    await goLive(repository, 'new')
    expect(await supersededBy(db, build.push)).toBeDefined()
    await finishBuild(db, claim, 'superseded')
    expect(await advance()).toEqual([])
    expect(await counts()).toEqual({ waiting: 0, done: 0, moved: 1, isFinished: true })
  })

  test('goes first: nothing is begun while one waits, and of tenants each has its turn', async () => {
    const [ada, eve] = [await aTenant(db), await aTenant(db)]
    for (const name of ['one', 'two', 'three']) await goLive(await aRepository(db, ada, name), 'old', name)
    await goLive(await aRepository(db, eve), 'old')
    await goLive(await aRepository(db, eve, 'other'), 'new', 'b')
    const { advance, counts } = await begin()
    const waiting = await aQueuedPush(db, await aRepository(db, ada, 'four'))
    expect(await advance()).toEqual([])
    const { claim } = await claimed(waiting.buildId)
    const first = await advance()
    expect(first).toHaveLength(1)
    expect(await advance()).toEqual([])
    await finishBuild(db, claim, 'live')
    expect(await advance(2)).toHaveLength(1)
    const begun = await db.rebuildItem.findMany({ where: { state: 'building' }, include: { function: true } })
    expect(new Set(begun.map((item) => item.function.tenantId))).toEqual(new Set([ada.id, eve.id]))
    expect((await counts()).waiting).toBe(2)
  })
})

test('a release of a rebuild said twice is as said once', async () => {
  const repository = await aRepository(db)
  await goLive(repository, 'old')
  const { advance } = await begin()
  const [buildId = ''] = await advance()
  const { claim, revisions } = await releaseOf(repository, buildId)
  const [revision] = revisions
  if (!revision) throw new Error('nothing was released')
  await moveAlias(db, revision)
  const functions = [{ name: 'a', image: 'img', digest: `sha256:${randomUUID()}`, spec: aSpec() }]
  const facts = { claim, tenantId: repository.tenantId, repositoryId: repository.id, functions }
  expect(await releaseRebuild(db, facts)).toMatchObject([{ revisionId: revision.revisionId }])
})
