import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { release, removeMissing } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { confirmLive, failRevision, moveLive, wantedState } from '@pushfn/store/wanted'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

/** A claimed build of the newest push, ready to release. */
const aRun = async (repository: Repository) => {
  const { buildId } = await aQueuedPush(database.db, repository)
  const build = await claimBuild(database.db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const facts = (names: string[]) => ({
    claim: { buildId, generation: build.generation },
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    sha: build.push.sha,
    sequence: build.push.sequence,
    functions: names.map((name) => ({ name, image: `img/${name}`, digest: `sha256:${name}`, spec: aSpec() })),
  })
  return { build, facts }
}

const bringLive = async (revision: { functionId: string; revisionId: string }, sequence: bigint) => {
  const isMoved = await moveLive(database.db, { ...revision, sequence })
  if (isMoved) await confirmLive(database.db, revision.revisionId)
  return isMoved
}

test('a release said twice is as said once', async () => {
  const { facts } = await aRun(await aRepository(database.db))
  const first = await release(database.db, facts(['a', 'b']))
  expect(await release(database.db, facts(['b', 'a']))).toEqual(first)
})

test('an older push never takes back what a newer one wants', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const older = await aRun(repository)
  const newer = await aRun(repository)
  const [wanted] = await release(db, newer.facts(['a']))
  await expect(release(db, older.facts(['a']))).rejects.toMatchObject({ code: 'SUPERSEDED' })
  const state = await wantedState(db, wanted?.functionId ?? '')
  expect(state?.wanted?.id).toBe(wanted?.revisionId)
})

test('a release by a builder that lost its lease writes nothing', async () => {
  const { facts } = await aRun(await aRepository(database.db))
  const late = facts(['a'])
  const stale = { ...late, claim: { ...late.claim, generation: late.claim.generation - 1 } }
  await expect(release(database.db, stale)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(await database.db.function.count({ where: { repositoryId: late.repositoryId } })).toBe(0)
})

test('a name that another repository of the tenant deploys is refused, and free again when that one let it go', async () => {
  const { db } = database
  const tenant = await aTenant(db)
  const mine = await aRun(await aRepository(db, tenant, 'mine'))
  const other = await aRun(await aRepository(db, tenant, 'other'))
  const [fn] = await release(db, mine.facts(['a']))
  await expect(release(db, other.facts(['a']))).rejects.toMatchObject({ code: 'FUNCTION_TAKEN' })
  await db.function.update({ where: { id: fn?.functionId ?? '' }, data: { removedAt: new Date() } })
  await expect(release(db, other.facts(['a']))).resolves.toHaveLength(1)
})

test('two tenants may have a function of one name', async () => {
  const { db } = database
  const runs = await Promise.all([aRun(await aRepository(db)), aRun(await aRepository(db))])
  const released = await Promise.all(runs.map((run) => release(db, run.facts(['a']))))
  expect(released[0]?.[0]?.functionId).not.toBe(released[1]?.[0]?.functionId)
})

test('a revision that fails gives the wish back to what is live', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const first = await aRun(repository)
  const [good] = await release(db, first.facts(['a']))
  if (!good) throw new Error('nothing released')
  expect(await bringLive(good, first.build.push.sequence)).toBe(true)
  const second = await aRun(repository)
  const [bad] = await release(db, second.facts(['a']))
  await failRevision(db, { functionId: good.functionId, revisionId: bad?.revisionId ?? '', failure: 'it crashed' })
  const state = await wantedState(db, good.functionId)
  expect(state?.wanted?.id).toBe(good.revisionId)
  expect(state?.live?.id).toBe(good.revisionId)
})

test('a controller that slept through a newer wish cannot move the alias', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const first = await aRun(repository)
  const [old] = await release(db, first.facts(['a']))
  const second = await aRun(repository)
  await release(db, second.facts(['a']))
  if (!old) throw new Error('nothing released')
  expect(await bringLive(old, first.build.push.sequence)).toBe(false)
})

test('functions that left the stack are removed, those of other repositories are not', async () => {
  const { db } = database
  const tenant = await aTenant(db)
  const run = await aRun(await aRepository(db, tenant, 'one'))
  const other = await aRun(await aRepository(db, tenant, 'two'))
  await release(db, run.facts(['a', 'b']))
  await release(db, other.facts(['c']))
  const { claim, repositoryId, sequence } = run.facts([])
  const removed = await removeMissing(db, { claim, repositoryId, sequence, keep: ['a'] })
  expect(removed.map((fn) => fn.name)).toEqual(['b'])
  const left = await db.function.findMany({ where: { tenantId: tenant.id, removedAt: null }, orderBy: { name: 'asc' } })
  expect(left.map((fn) => fn.name)).toEqual(['a', 'c'])
})
