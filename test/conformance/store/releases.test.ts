import { setTimeout as sleep } from 'node:timers/promises'
import { AliasName, commitAlias, isCommitAlias } from '@pushfn/model/alias'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import { removeAccount, setAccountSuspended } from '@pushfn/store/accounts'
import { confirmLive, forgetAlias, giveUpWish, moveAlias } from '@pushfn/store/alias-moves'
import { pointAlias, removeAlias, removeExpired } from '@pushfn/store/aliases'
import { claimBuild, finishBuild } from '@pushfn/store/builds'
import type { Stopped } from '@pushfn/store/cancellation'
import type { Database, Transaction } from '@pushfn/store/database'
import { release, removeMissing } from '@pushfn/store/releases'
import { type Repository, removeRepositories } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import { allWantedStates, wantedState, wantedStatesOf } from '@pushfn/store/wanted'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
    // No two builds make one image: what is live already would not be wanted anew.
    functions: names.map((name) => ({ name, image: `img/${name}`, digest: `${buildId}:${name}`, spec: aSpec() })),
  })
  return { build, facts }
}

const bringLive = async (revision: { functionId: string; aliasId: string; revisionId: string }) => {
  const isMoved = await moveAlias(database.db, revision)
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
  const state = await wantedState(db, wanted?.aliasId ?? '')
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
  expect(await bringLive(good)).toBe(true)
  const second = await aRun(repository)
  const [bad] = await release(db, second.facts(['a']))
  await giveUpWish(db, { aliasId: good.aliasId, revisionId: bad?.revisionId ?? '', failure: 'it crashed' })
  const state = await wantedState(db, good.aliasId)
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
  expect(await bringLive(old)).toBe(false)
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

/** What takes a repository away, as the forge tells of it. */
const departures: [string, (tx: Transaction, repository: Repository, tenant: Tenant) => Promise<Stopped>, string][] = [
  ['a repository that was removed', (tx, repository) => removeRepositories(tx, [repository.id]), 'deleted'],
  ['a removed tenant', (tx, _, tenant) => removeAccount(tx, tenant.forge, tenant.forgeAccountId), 'left this cloud'],
  [
    'a suspended tenant',
    (tx, _, tenant) => setAccountSuspended(tx, tenant.forge, tenant.forgeAccountId, true),
    'suspended',
  ],
]

describe.each(departures)('%s', (_name, leave, reason) => {
  const departed = async () => {
    const { db } = database
    const tenant = await aTenant(db)
    const repository = await aRepository(db, tenant)
    const run = await aRun(repository)
    const neighbour = await aRun(await aRepository(db))
    return { db, run, neighbour, go: () => db.$transaction((tx) => leave(tx, repository, tenant)) }
  }

  test('names its builds under way, and they can release nothing any more', async () => {
    const { db, run, neighbour, go } = await departed()
    expect((await go()).builds).toEqual([run.build.id])
    const refused = { code: 'CANCELLED', hint: expect.stringContaining(reason) }
    await expect(release(db, run.facts(['a']))).rejects.toMatchObject(refused)
    expect(await db.function.count({ where: { tenantId: run.build.push.repository.tenantId } })).toBe(0)
    await expect(release(db, neighbour.facts(['a']))).resolves.toHaveLength(1)
  })

  test('is not brought live by a controller that was about to, nor when it comes back', async () => {
    const { db, run, go } = await departed()
    const [wanted] = await release(db, run.facts(['a']))
    if (!wanted) throw new Error('nothing released')
    const { functions } = await go()
    expect(functions).toEqual([wanted.functionId])
    expect(await bringLive(wanted)).toBe(false)
    const { tenantId, id } = run.build.push.repository
    await db.tenant.update({ where: { id: tenantId }, data: { removedAt: null, suspendedAt: null } })
    await db.repository.update({ where: { id }, data: { removedAt: null } })
    expect(await bringLive(wanted)).toBe(false)
    await expect(release(db, run.facts(['a']))).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('keeps what was live before as the wish', async () => {
    const { db, run, go } = await departed()
    const [live] = await release(db, run.facts(['a']))
    if (!live) throw new Error('nothing released')
    await bringLive(live)
    await finishBuild(db, run.facts([]).claim, 'live')
    const next = await aRun(run.build.push.repository)
    await release(db, next.facts(['a']))
    await go()
    expect((await wantedState(db, live.aliasId))?.wanted?.id).toBe(live.revisionId)
  })
})

test('a build of a repository that was given to another tenant goes live in nobody’s name', async () => {
  const { db } = database
  const [old, fresh] = [await aTenant(db), await aTenant(db)]
  const repository = await aRepository(db, old)
  const run = await aRun(repository)
  await db.$transaction(async (tx) => {
    await removeRepositories(tx, [repository.id])
    await tx.repository.update({ where: { id: repository.id }, data: { tenantId: fresh.id, removedAt: null } })
  })
  for (const tenantId of [old.id, fresh.id]) {
    await expect(release(db, { ...run.facts(['a']), tenantId })).rejects.toMatchObject({ code: 'CANCELLED' })
  }
  expect(await db.function.count({ where: { tenantId: { in: [old.id, fresh.id] } } })).toBe(0)
  // Also when whoever moved it cancelled nothing.
  const later = await aRun(repository)
  await expect(release(db, later.facts(['a']))).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('of a release and a removal at once the function ends as removed, whoever is first', async () => {
  const { db } = database
  for (let round = 0; round < 20; round++) {
    const repository = await aRepository(db)
    const run = await aRun(repository)
    const [released] = await Promise.allSettled([
      release(db, run.facts(['a'])),
      db.$transaction((tx) => removeRepositories(tx, [repository.id])),
    ])
    if (released.status === 'rejected') expect(released.reason).toMatchObject({ code: 'CANCELLED' })
    expect(await db.function.count({ where: { repositoryId: repository.id, removedAt: null } })).toBe(0)
  }
})

test('a release waits for who is about to take the repository away, and then writes nothing', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const run = await aRun(repository)
  let releasing: Promise<unknown> = Promise.resolve()
  await db.$transaction(async (tx) => {
    await tx.repository.update({ where: { id: repository.id }, data: { removedAt: new Date() } })
    releasing = release(db, run.facts(['a'])).catch((thrown: unknown) => thrown)
    await sleep(300)
  })
  expect(await releasing).toMatchObject({ code: 'CANCELLED' })
})

test.each([
  [
    'a removed repository',
    (db: Database, { id }: Repository) => db.repository.update({ where: { id }, data: mark('removedAt') }),
  ],
  [
    'a removed tenant',
    (db: Database, { tenantId: id }: Repository) => db.tenant.update({ where: { id }, data: mark('removedAt') }),
  ],
  [
    'a suspended tenant',
    (db: Database, { tenantId: id }: Repository) => db.tenant.update({ where: { id }, data: mark('suspendedAt') }),
  ],
])('the alias of %s does not move, whatever is wished', async (_name, leave) => {
  const { db } = database
  const repository = await aRepository(db)
  const run = await aRun(repository)
  const [wanted] = await release(db, run.facts(['a']))
  if (!wanted) throw new Error('nothing released')
  await leave(db, repository)
  expect(await bringLive(wanted)).toBe(false)
})

const mark = (column: 'removedAt' | 'suspendedAt') => ({ [column]: new Date() })

test('a look at all functions tells of each what a look at one does, and reads every spec once', async () => {
  const { db } = database
  const known = new Map<string, FunctionSpec>()
  const all = await allWantedStates(db, known)
  expect(all.length).toBeGreaterThan(2)
  for (const state of all) expect(state).toEqual(await wantedState(db, state.aliasId))
  const [first] = known.values()
  const again = await allWantedStates(db, known)
  expect(again).toEqual(all)
  expect([...known.values()][0]).toBe(first)
})

describe('an alias beside live', () => {
  const PREVIEW = AliasName.parse('pr-7-shop')
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)

  /** A function that is live, and a revision of a later push that is wished under the alias. */
  const aPreview = async (expiresAt: Date | null = null) => {
    const { db } = database
    const repository = await aRepository(db)
    const first = await aRun(repository)
    const [live] = await release(db, first.facts(['a']))
    if (!live) throw new Error('nothing released')
    await bringLive(live)
    const wish = { functionId: live.functionId, revisionId: live.revisionId, sequence: 5n }
    const point = (sequence = wish.sequence) =>
      db.$transaction((tx) => pointAlias(tx, { name: PREVIEW, expiresAt }, { ...wish, sequence }))
    const states = async () =>
      (await wantedStatesOf(db, live.functionId))
        .filter(({ alias }) => !isCommitAlias(alias))
        .toSorted((a, b) => (a.alias < b.alias ? -1 : 1))
    return { db, repository, live, wish, point, states }
  }

  test('has a host and a wish of its own, and moves alone', async () => {
    const { db, live, wish, point, states } = await aPreview()
    expect(await point()).toBe(true)
    const [liveState, preview] = await states()
    expect(preview).toMatchObject({ alias: 'pr-7-shop', host: `pr-7-shop--${liveState?.tenant}`, isRemoved: false })
    expect(liveState).toMatchObject({ alias: 'live', host: liveState?.tenant, live: { id: live.revisionId } })
    expect(preview?.live).toBeUndefined()
    expect(await moveAlias(db, { ...wish, aliasId: preview?.aliasId ?? '' })).toBe(true)
    expect((await states())[1]?.live?.id).toBe(live.revisionId)
  })

  test('is not taken back by an older push', async () => {
    const { point } = await aPreview()
    expect(await point(5n)).toBe(true)
    expect(await point(4n)).toBe(false)
  })

  test('cannot point at another function’s revision', async () => {
    const [one, other] = [await aPreview(), await aPreview()]
    const wish = { ...one.wish, revisionId: other.live.revisionId }
    const pointing = one.db.$transaction((tx) => pointAlias(tx, { name: PREVIEW, expiresAt: null }, wish))
    await expect(pointing).rejects.toThrow()
    expect(await one.states()).toHaveLength(1)
  })

  test('goes when it is removed, and a controller that was about to move it does not', async () => {
    const { db, wish, point, states } = await aPreview()
    await point()
    const aliasId = (await states())[1]?.aliasId ?? ''
    expect(await db.$transaction((tx) => removeAlias(tx, { functionId: wish.functionId, name: PREVIEW }))).toBe(true)
    expect((await states())[1]?.isRemoved).toBe(true)
    expect(await moveAlias(db, { ...wish, aliasId })).toBe(false)
    await forgetAlias(db, { ...wish, aliasId })
    expect(await states()).toMatchObject([{ alias: 'live', isRemoved: false }])
  })

  test('ends at its time, and nobody else’s with it', async () => {
    const [over, on] = [await aPreview(inDays(-1)), await aPreview(inDays(1))]
    await over.point()
    await on.point()
    expect(await removeExpired(over.db)).toEqual([over.wish.functionId])
    expect((await over.states()).map((state) => state.isRemoved)).toEqual([false, true])
    expect((await on.states()).map((state) => state.isRemoved)).toEqual([false, false])
  })

  test('a commit’s is made where live moves, and points there at once', async () => {
    const { db, live } = await aPreview()
    const { sha } = await db.revision.findUniqueOrThrow({ where: { id: live.revisionId } })
    const commits = (await wantedStatesOf(db, live.functionId)).filter(({ alias }) => isCommitAlias(alias))
    const revision = { id: live.revisionId }
    expect(commits).toMatchObject([{ alias: commitAlias(sha), live: revision, wanted: revision }])
  })

  test('live can neither be removed nor forgotten while its function is there', async () => {
    const { db, live, states } = await aPreview()
    const removing = db.$transaction((tx) =>
      removeAlias(tx, { functionId: live.functionId, name: AliasName.parse('live') }),
    )
    expect(await removing).toBe(false)
    await forgetAlias(db, live)
    expect(await states()).toMatchObject([{ live: { id: live.revisionId } }])
  })
})

test('a function that is removed and forgotten is not brought back by a push from before', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const older = await aRun(repository)
  const newer = await aRun(repository)
  const [live] = await release(db, newer.facts(['a']))
  if (!live) throw new Error('nothing released')
  await bringLive(live)
  await db.function.update({ where: { id: live.functionId }, data: { removedAt: new Date() } })
  await forgetAlias(db, live)
  expect((await allWantedStates(db, new Map())).some(({ aliasId }) => aliasId === live.aliasId)).toBe(false)
  await expect(release(db, older.facts(['a']))).rejects.toMatchObject({ code: 'SUPERSEDED' })
})

test('a revision that was live before and does not get ready again may be wished once more', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const [one] = await release(db, (await aRun(repository)).facts(['a']))
  if (!one) throw new Error('nothing released')
  await bringLive(one)
  const [two] = await release(db, (await aRun(repository)).facts(['a']))
  if (!two) throw new Error('nothing released')
  await bringLive(two)
  await db.alias.update({ where: { id: one.aliasId }, data: { wantedRevisionId: one.revisionId } })
  await giveUpWish(db, { aliasId: one.aliasId, revisionId: one.revisionId, failure: 'it crashed' })
  expect(await wantedState(db, one.aliasId)).toMatchObject({
    live: { id: two.revisionId },
    wanted: { id: two.revisionId },
  })
  expect(await db.revision.findUnique({ where: { id: one.revisionId } })).toMatchObject({
    state: 'live',
    failure: null,
  })
  expect(await db.alias.findUnique({ where: { id: one.aliasId } })).toMatchObject({ failure: 'it crashed' })
})
