import { randomUUID } from 'node:crypto'
import { confirmLive, giveUpWish, moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { giveUpImage, knownImage } from '@pushfn/store/images'
import { release, type WantedFunction } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { wantedState } from '@pushfn/store/wanted'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const aDigest = () => `sha256:${randomUUID()}`

/** One function as a build of the newest push wants it. */
const aRun = async (repository: Repository) => {
  const { db } = database
  const { buildId } = await aQueuedPush(db, repository)
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const want = async (wanted: Partial<WantedFunction>) => {
    const [revision] = await release(db, {
      claim: { buildId, generation: build.generation },
      tenantId: repository.tenantId,
      repositoryId: repository.id,
      sha: build.push.sha,
      sequence: build.push.sequence,
      functions: [{ name: 'a', image: 'img/a', digest: aDigest(), spec: aSpec(), ...wanted }],
    })
    if (!revision) throw new Error('nothing was released')
    return revision
  }
  const goLive = async (wanted: Partial<WantedFunction>) => {
    const revision = await want(wanted)
    await moveAlias(db, revision)
    await confirmLive(db, revision.revisionId)
    return revision
  }
  return { want, goLive }
}

describe('a release of what is live already', () => {
  test('leaves it alone, and keeps older pushes from taking it back', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const digest = aDigest()
    const live = await (await aRun(repository)).goLive({ digest })
    const older = await aRun(repository)
    const same = await (await aRun(repository)).want({ digest })
    expect(same).toMatchObject({ revisionId: live.revisionId, isReused: true })
    expect((await wantedState(db, live.aliasId))?.wanted?.id).toBe(live.revisionId)
    await expect(older.want({ digest: aDigest() })).rejects.toMatchObject({ code: 'SUPERSEDED' })
  })

  test('of a later build sees what a push between changed and did not bring live', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const [first, second] = [aDigest(), aDigest()]
    await (await aRun(repository)).goLive({ digest: first })
    const failed = await (await aRun(repository)).want({ digest: second })
    expect(failed.isReused).toBe(false)
    await giveUpWish(db, { ...failed, failure: 'it crashed' })
    expect((await (await aRun(repository)).want({ digest: first })).isReused).toBe(true)
    expect((await (await aRun(repository)).want({ digest: second })).isReused).toBe(false)
  })

  test('deploys while another revision is on its way', async () => {
    const repository = await aRepository(database.db)
    const digest = aDigest()
    await (await aRun(repository)).goLive({ digest })
    await (await aRun(repository)).want({ digest: aDigest() })
    expect((await (await aRun(repository)).want({ digest })).isReused).toBe(false)
  })

  test('deploys when the configuration alone changed, and when the function was removed meanwhile', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const digest = aDigest()
    const live = await (await aRun(repository)).goLive({ digest })
    const changed = { digest, spec: aSpec({ environment: { A: '1' } }) }
    expect((await (await aRun(repository)).goLive(changed)).isReused).toBe(false)
    await db.function.update({ where: { id: live.functionId }, data: { removedAt: new Date() } })
    expect((await (await aRun(repository)).want(changed)).isReused).toBe(false)
  })

  test('by the same build again is told as what it brought live', async () => {
    const run = await aRun(await aRepository(database.db))
    const digest = aDigest()
    const live = await run.goLive({ digest })
    expect(await run.want({ digest })).toEqual({ ...live, isReused: false })
  })
})

describe('a known image', () => {
  test('is of one tenant alone', async () => {
    const { db } = database
    const [mine, other] = [await aTenant(db), await aTenant(db)]
    const digest = aDigest()
    await (await aRun(await aRepository(db, mine))).goLive({ digest, inputs: 'equal' })
    expect(await knownImage(db, mine.id, 'equal')).toMatchObject({ digest })
    expect(await knownImage(db, other.id, 'equal')).toBeUndefined()
  })

  test('is not given up while a function is made of it, of whichever build; afterwards nobody finds it', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const digest = aDigest()
    const failed = await (await aRun(repository)).want({ digest, inputs: 'x' })
    await giveUpWish(db, { ...failed, failure: 'it crashed' })
    await (await aRun(repository)).want({ name: 'b', digest, inputs: 'x', isReused: true })
    expect(await giveUpImage(db, [digest])).toBe(false)
    await (await aRun(repository)).want({ name: 'b', digest: aDigest() })
    expect(await giveUpImage(db, [digest])).toBe(true)
    expect(await knownImage(db, repository.tenantId, 'x')).toBeUndefined()
  })

  test('that was given up since a build found it is not released: the build is tried again', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const digest = aDigest()
    const failed = await (await aRun(repository)).want({ digest, inputs: 'y' })
    await giveUpWish(db, { ...failed, failure: 'it crashed' })
    const run = await aRun(repository)
    expect(await giveUpImage(db, [digest])).toBe(true)
    await expect(run.want({ digest, inputs: 'y', isReused: true })).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  })

  test('is either used or given up when both are tried at once', async () => {
    const { db } = database
    for (let n = 0; n < 20; n++) {
      const repository = await aRepository(db)
      const digest = aDigest()
      const failed = await (await aRun(repository)).want({ digest, inputs: 'z' })
      await giveUpWish(db, { ...failed, failure: 'it crashed' })
      const run = await aRun(repository)
      const [isGivenUp, isUsed] = await Promise.all([
        giveUpImage(db, [digest]),
        run.want({ digest, inputs: 'z', isReused: true }).then(
          () => true,
          () => false,
        ),
      ])
      expect(isUsed).toBe(!isGivenUp)
    }
  })
})
