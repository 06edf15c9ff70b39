import {
  advanceBuild,
  claimBuild,
  delayBuild,
  finishBuild,
  renewLease,
  supersededBy,
  waitingBuilds,
} from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aQueuedPush, aRepository } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const aClaimedBuild = async () => {
  const { db } = database
  const { buildId } = await aQueuedPush(db, await aRepository(db))
  const build = await claimBuild(db, buildId, 'one')
  if (!build) throw new Error('not claimed')
  return { build, claim: { buildId, generation: build.generation } }
}

/** As if the holder had not been heard of for a lease's time. */
const letLeaseEnd = (buildId: string) =>
  database.db.$executeRaw`UPDATE builds SET lease_until = now() - interval '1 second' WHERE id = ${buildId}::uuid`

test('of many builders that claim one build exactly one gets it', async () => {
  const { db } = database
  const { buildId } = await aQueuedPush(db, await aRepository(db))
  const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claimBuild(db, buildId, `builder-${n}`)))
  expect(claims.filter(Boolean)).toHaveLength(1)
})

test('a builder that lost its lease writes nothing any more', async () => {
  const { db } = database
  const { claim } = await aClaimedBuild()
  await letLeaseEnd(claim.buildId)
  const second = await claimBuild(db, claim.buildId, 'two')
  expect(second?.generation).toBe(claim.generation + 1)
  await expect(renewLease(db, claim)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await expect(advanceBuild(db, claim, 'building')).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(await finishBuild(db, claim, 'live')).toBe(false)
  expect(await db.build.findUnique({ where: { id: claim.buildId } })).toMatchObject({ state: 'queued' })
})

test('a build that ended is not claimed again and does not change', async () => {
  const { db } = database
  const { claim } = await aClaimedBuild()
  expect(await finishBuild(db, claim, 'live')).toBe(true)
  expect(await claimBuild(db, claim.buildId, 'two')).toBeUndefined()
  expect(await finishBuild(db, claim, 'failed')).toBe(false)
})

test('a build waits for a builder when its lease ended, not while it is held or delayed', async () => {
  const { db } = database
  const isWaiting = async (id: string) => (await waitingBuilds(db, 1_000)).some((build) => build.id === id)
  const { claim } = await aClaimedBuild()
  expect(await isWaiting(claim.buildId)).toBe(false)
  await letLeaseEnd(claim.buildId)
  expect(await isWaiting(claim.buildId)).toBe(true)
  await delayBuild(db, claim, 60_000)
  expect(await isWaiting(claim.buildId)).toBe(false)
})

test('a push is superseded by a newer one of its ref, not by one of another ref', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const { buildId } = await aQueuedPush(db, repository)
  const build = await claimBuild(db, buildId, 'one')
  if (!build) throw new Error('not claimed')
  expect(await supersededBy(db, build.push)).toBeUndefined()
  const { pushId } = await aQueuedPush(db, repository)
  const newer = await db.push.findUniqueOrThrow({ where: { id: pushId } })
  expect(await supersededBy(db, build.push)).toEqual({ sha: newer.sha })
})
