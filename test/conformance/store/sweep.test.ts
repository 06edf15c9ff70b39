import { AliasName, commitAlias } from '@pushfn/model/alias'
import { forgetAlias, moveAlias } from '@pushfn/store/alias-moves'
import { aliasCommit, pointAlias, wantLive } from '@pushfn/store/aliases'
import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { giveUpImage } from '@pushfn/store/images'
import { keepReleased, release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { imageGone, sweepRevisions, sweptImages } from '@pushfn/store/sweep'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSpec } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

/** A push whose function `a` went live with an image of its own, or with an earlier one. */
const deployed = async (repository: Repository, reused?: { inputs: string; digest: string }) => {
  const { db } = database
  const { buildId } = await aQueuedPush(db, repository)
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const { sha, sequence } = build.push
  const image = reused ?? { inputs: sha, digest: `sha256:${sha}` }
  // Another spec each time: what is live already is not deployed again.
  const spec = aSpec({ environment: { SHA: sha } })
  const [wanted] = await release(db, {
    claim: { buildId, generation: build.generation },
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    sha,
    sequence,
    functions: [{ name: 'a', image: 'img/a', ...image, isReused: reused !== undefined, spec }],
  })
  if (!wanted) throw new Error('nothing released')
  await moveAlias(db, wanted)
  return { ...wanted, ...image, sha, sequence }
}

/** So many deploys, one after the other. */
const history = async (count: number) => {
  const repository = await aRepository(database.db)
  const all = []
  for (let n = 0; n < count; n++) all.push(await deployed(repository))
  // There are as many as were asked for.
  return { repository, all: all as [Deployed, ...Deployed[]], functionId: all[0]?.functionId ?? '' }
}
type Deployed = Awaited<ReturnType<typeof deployed>>

/** The controller has stopped what ran under commits that are gone. */
const settleCommits = async (functionId: string) => {
  const removed = await database.db.alias.findMany({ where: { functionId, removedAt: { not: null } } })
  for (const { id } of removed) await forgetAlias(database.db, { aliasId: id, functionId })
}

const keptOf = async (functionId: string) =>
  (await database.db.revision.findMany({ where: { functionId, sweptAt: null }, orderBy: { sequence: 'asc' } })).map(
    ({ sha }) => sha,
  )
const namesOf = async (functionId: string) =>
  (await database.db.alias.findMany({ where: { functionId, removedAt: null } })).map(({ name }) => name).toSorted()
const shas = (of: readonly Deployed[]) => of.map(({ sha }) => sha)

test('the last ones stay, with their commits’ aliases; what went can be wished no more', async () => {
  const { db } = database
  const { all, functionId } = await history(5)
  expect(await sweepRevisions(db, 3)).toContain(functionId)
  expect(await keptOf(functionId)).toEqual(shas(all.slice(2)))
  // All commits of this test begin alike.
  expect((await namesOf(functionId)).includes('live')).toBe(true)
  const wish = { functionId, revisionId: all[0].revisionId, sequence: 99n }
  await expect(db.$transaction((tx) => wantLive(tx, wish))).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await sweepRevisions(db, 3)).not.toContain(functionId)
})

test('what is live again after a rollback is the newest, and the wished one stays', async () => {
  const { db } = database
  const { all, functionId } = await history(4)
  const back = { functionId, aliasId: all[0].aliasId, revisionId: all[0].revisionId }
  await db.$transaction((tx) => wantLive(tx, { ...back, sequence: 99n }))
  await sweepRevisions(db, 1)
  expect(await keptOf(functionId)).toEqual([all[0].sha, all[3]?.sha])
  await moveAlias(db, back)
  await sweepRevisions(db, 1)
  expect(await keptOf(functionId)).toEqual([all[0].sha])
})

test('an image goes when no revision that is kept has it, whoever’s that is', async () => {
  const { db } = database
  const { repository, all, functionId } = await history(1)
  const [first] = all
  const later = await deployed(repository, first)
  await sweepRevisions(db, 1)
  expect(await keptOf(functionId)).toEqual([later.sha])
  expect(await sweptImages(db)).not.toContain(first.digest)
  expect(await giveUpImage(db, [first.digest])).toBe(false)
  await deployed(repository)
  await sweepRevisions(db, 1)
  expect(await sweptImages(db)).toContain(first.digest)
  await settleCommits(functionId)
  expect(await giveUpImage(db, [first.digest])).toBe(true)
  await imageGone(db, first.digest)
  expect(await sweptImages(db)).not.toContain(first.digest)
})

test('a release that takes an image over and a sweep at once leave the image or refuse the release', async () => {
  const { db } = database
  for (let round = 0; round < 10; round++) {
    const { repository, all, functionId } = await history(2)
    const [first] = all
    await sweepRevisions(db, 1)
    await settleCommits(functionId)
    const [released, isGivenUp] = await Promise.allSettled([
      deployed(repository, first),
      giveUpImage(db, [first.digest]),
    ])
    if (released.status === 'rejected') expect(released.reason).toMatchObject({ code: 'ENGINE_FAILED' })
    expect(isGivenUp).toEqual({ status: 'fulfilled', value: released.status === 'rejected' })
  }
})

test('of commits without a revision of their own as many stay as of revisions', async () => {
  const { db } = database
  const { all, functionId } = await history(1)
  const { revisionId, sha } = all[0]
  const others = Array.from({ length: 6 }, (_, n) => `${n}`.repeat(40))
  for (const other of others) {
    await db.$transaction((tx) => aliasCommit(tx, { functionId, revisionId, sha: other }))
  }
  await sweepRevisions(db, 3)
  expect(await namesOf(functionId)).toEqual([...others.slice(3), sha].map(commitAlias).concat('live').toSorted())
})

test('a preview keeps its revision; without one a revision that was never live goes after an hour', async () => {
  const { db } = database
  const { repository, all, functionId } = await history(2)
  const [first] = all
  const name = AliasName.parse('pr-1-shop')
  await db.$transaction((tx) =>
    pointAlias(tx, { name, expiresAt: null }, { functionId, revisionId: first.revisionId, sequence: 1n }),
  )
  const never = await deployed(repository)
  await db.alias.update({ where: { id: never.aliasId }, data: { revisionId: all[1]?.revisionId ?? null } })
  await db.alias.update({ where: { id: never.aliasId }, data: { wantedRevisionId: all[1]?.revisionId ?? null } })
  const revision = { where: { id: never.revisionId } }
  await db.revision.update({ ...revision, data: { deployedAt: null } })
  await sweepRevisions(db, 1)
  expect(await keptOf(functionId)).toEqual([first.sha, all[1]?.sha, never.sha])
  await db.revision.update({ ...revision, data: { createdAt: new Date(Date.now() - 7_200_000) } })
  await sweepRevisions(db, 1)
  expect(await keptOf(functionId)).toEqual([first.sha, all[1]?.sha])
})

test('of a function that was removed all goes, after a day; of another tenant’s of its name nothing', async () => {
  const { db } = database
  const [gone, there] = [await history(2), await history(2)]
  await db.function.update({ where: { id: gone.functionId }, data: { removedAt: new Date() } })
  await forgetAlias(db, gone.all[0])
  await sweepRevisions(db, 2)
  expect(await keptOf(gone.functionId)).toHaveLength(2)
  const daysAgo = new Date(Date.now() - 2 * 86_400_000)
  await db.function.update({ where: { id: gone.functionId }, data: { removedAt: daysAgo } })
  await sweepRevisions(db, 2)
  expect(await keptOf(gone.functionId)).toEqual([])
  expect(await keptOf(there.functionId)).toEqual(shas(there.all))
})

test('an image that is kept for a rollback is given up by nobody, though nothing points at it', async () => {
  const { db } = database
  const { all, functionId } = await history(2)
  await db.alias.deleteMany({ where: { functionId, name: commitAlias(all[0].sha) } })
  expect(await giveUpImage(db, [all[0].digest])).toBe(false)
})

test('a commit that changed nothing of a function has a URL of it all the same, once its deploy succeeded', async () => {
  const { db } = database
  const { repository, all, functionId } = await history(1)
  const { buildId } = await aQueuedPush(db, repository)
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const claim = { buildId, generation: build.generation }
  const revision = { ...all[0], isReused: true }
  await keepReleased(db, { claim, sha: build.push.sha, revisions: [revision] })
  const at = { functionId_name: { functionId, name: commitAlias(build.push.sha) } }
  expect(await db.alias.findUnique({ where: at })).toMatchObject({ revisionId: all[0].revisionId })
  const stale = { ...claim, generation: claim.generation - 1 }
  await expect(keepReleased(db, { claim: stale, sha: 'f'.repeat(40), revisions: [] })).rejects.toMatchObject({
    code: 'LEASE_LOST',
  })
})
