import { confirmLive, giveUpWish, moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild, finishBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { promoteCommit } from '@pushfn/store/promote-commit'
import { keepReleased, release, type WantedRevision } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { setRepositorySettings } from '@pushfn/store/repository-settings'
import { rollBack } from '@pushfn/store/rollback'
import { sweepRevisions } from '@pushfn/store/sweep'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPush, aQueuedPush, aRepository, aSha, aSpec } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** Tags that move `live`, on a real database and without engine: who wins, and what is kept. */
let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const aPromoting = async (): Promise<Repository> => {
  const repository = await aRepository(database.db)
  await setRepositorySettings(database.db, repository.id, { promote: 'tag v*' })
  return database.db.repository.findUniqueOrThrow({ where: { id: repository.id } })
}

const claimed = async (buildId: string) => {
  const build = await claimBuild(database.db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const { push } = build
  const claim = { buildId, generation: build.generation }
  const { tenantId } = push.repository
  return { claim, tenantId, repositoryId: push.repositoryId, sha: push.sha, sequence: push.sequence, build }
}

const answer = async (revisions: readonly WantedRevision[]) => {
  for (const revision of revisions) {
    if (!(await moveAlias(database.db, revision))) throw new Error('not moved')
    await confirmLive(database.db, revision.revisionId)
  }
}

/** A push to the branch, built to its end. */
const pushed = async (repository: Repository, names = ['a'], sha = aSha()) => {
  const { db } = database
  const { buildId } = await aQueuedPush(db, repository, { sha })
  const { build, ...facts } = await claimed(buildId)
  const functions = names.map((name) => ({ name, image: name, digest: `${buildId}:${name}`, spec: aSpec() }))
  const revisions = await release(db, { ...facts, isStaged: build.isStaged, functions })
  if (!build.isStaged) await answer(revisions)
  await keepReleased(db, { claim: facts.claim, sha, revisions })
  await finishBuild(db, facts.claim, 'live')
  return { sha, revisions }
}

const tagged = async (repository: Repository, tag: string, sha: string) => {
  const { buildId } = await aQueuedPush(database.db, repository, { ref: `refs/tags/${tag}`, sha })
  const { build: _, ...facts } = await claimed(buildId)
  return { ...facts, madeAt: facts.sequence }
}

/** A tag of a commit that was built before, to its end. */
const promoted = async (repository: Repository, tag: string, sha: string) => {
  const facts = await tagged(repository, tag, sha)
  const revisions = await promoteCommit(database.db, facts)
  await answer(revisions.filter((revision) => !revision.isPinned))
  await finishBuild(database.db, facts.claim, 'live')
  return revisions
}

const liveOf = async (repository: Repository, name = 'a') => {
  const alias = await database.db.alias.findFirst({
    where: { name: 'live', function: { repositoryId: repository.id, name } },
    include: { revision: true },
  })
  return alias?.revision?.sha
}

test('a push is kept under its commit’s name, and a tag moves live to the same revision', async () => {
  const repository = await aPromoting()
  const { sha, revisions } = await pushed(repository)
  expect(revisions).toMatchObject([{ alias: sha.slice(0, 8), isStaged: true }])
  expect(await liveOf(repository)).toBeUndefined()
  expect(await promoted(repository, 'v1', sha)).toMatchObject([{ revisionId: revisions[0]?.revisionId }])
  expect(await liveOf(repository)).toBe(sha)
})

test('whoever tags later wins, whatever is built first, and an older commit may be tagged', async () => {
  const { db } = database
  const repository = await aPromoting()
  const [one, two] = [await pushed(repository), await pushed(repository)]
  const first = await tagged(repository, 'v1', two.sha)
  await promoted(repository, 'v2', one.sha)
  await expect(promoteCommit(db, first)).rejects.toMatchObject({ code: 'SUPERSEDED' })
  expect(await liveOf(repository)).toBe(one.sha)
})

test('a tag told of twice is one, one moved by force is another, and skipping words do not count', async () => {
  const repository = await aPromoting()
  const [one, two] = [await pushed(repository), await pushed(repository)]
  await promoted(repository, 'v1', one.sha)
  const tag = { ref: 'refs/tags/v1', skip: '[skip ci]' }
  expect(await aPush(database.db, repository, { ...tag, sha: one.sha })).toEqual({ kind: 'known' })
  const moved = await aPush(database.db, repository, { ...tag, sha: two.sha, before: one.sha })
  expect(moved).toMatchObject({ kind: 'queued' })
})

test('a commit that was never built, or of which something is not kept any more, is to be built', async () => {
  const { db } = database
  const repository = await aPromoting()
  const unknown = await tagged(repository, 'v1', aSha())
  await expect(promoteCommit(db, unknown)).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  const { sha, revisions } = await pushed(repository, ['a', 'b'])
  await db.revision.update({ where: { id: revisions[0]?.revisionId ?? '' }, data: { sweptAt: new Date() } })
  await expect(promoteCommit(db, await tagged(repository, 'v2', sha))).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  expect(await liveOf(repository, 'b')).toBeUndefined()
})

test('of one that did not get ready when it was promoted the next tag builds anew', async () => {
  const { db } = database
  const repository = await aPromoting()
  const { sha } = await pushed(repository)
  const [wanted] = await promoteCommit(db, await tagged(repository, 'v1', sha))
  const { aliasId = '', revisionId = '' } = wanted ?? {}
  await giveUpWish(db, { aliasId, revisionId, failure: 'it crashed' })
  await expect(promoteCommit(db, await tagged(repository, 'v2', sha))).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
})

test('a rollback holds against a tag of before, and the next tag ends it', async () => {
  const { db } = database
  const repository = await aPromoting()
  const [one, two, three] = [await pushed(repository), await pushed(repository), await pushed(repository)]
  await promoted(repository, 'v1', one.sha)
  await promoted(repository, 'v2', two.sha)
  const late = await tagged(repository, 'v3', three.sha)
  const choice = await rollBack(db, { tenantId: repository.tenantId, name: 'a' }, 'before')
  await moveAlias(db, choice)
  expect(await promoteCommit(db, late)).toMatchObject([{ isPinned: true }])
  // A push of the branch moves nothing, and ends no pin.
  await pushed(repository)
  expect(await liveOf(repository)).toBe(one.sha)
  expect(await db.pin.count({ where: { function: { repositoryId: repository.id } } })).toBe(1)
  await promoted(repository, 'v4', two.sha)
  expect(await liveOf(repository)).toBe(two.sha)
})

test('what waits for a tag takes no place from what was live, and a tag is of its own repository', async () => {
  const { db } = database
  const repository = await aPromoting()
  const { sha, revisions } = await pushed(repository)
  await promoted(repository, 'v1', sha)
  const next = await pushed(repository)
  await promoted(repository, 'v2', next.sha)
  for (let n = 0; n < 3; n++) await pushed(repository)
  await sweepRevisions(db, 2)
  const kept = await db.revision.findUniqueOrThrow({ where: { id: revisions[0]?.revisionId ?? '' } })
  expect(kept.sweptAt).toBeNull()
  const other = await aPromoting()
  const foreign = await tagged(other, 'v1', next.sha)
  await expect(promoteCommit(db, foreign)).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
})

test('a push that is only kept does not end a deploy by hand of the same branch', async () => {
  const { db } = database
  const repository = await aPromoting()
  const byHand = await aQueuedPush(db, repository, { trigger: 'deploy' })
  expect(await aQueuedPush(db, repository)).toMatchObject({ superseded: [] })
  expect((await db.build.findUniqueOrThrow({ where: { id: byHand.buildId } })).isStaged).toBe(false)
})
