import { randomUUID } from 'node:crypto'
import { NO_COMMIT } from '@pushfn/model/ids'
import { supersededBy } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { recordDelivery } from '@pushfn/store/deliveries'
import { recordPush } from '@pushfn/store/pushes'
import { ensureTenant } from '@pushfn/store/tenants'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPush, aQueuedPush, aRepository, aSha } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

test('pushes of one ref get growing sequences, however many arrive at once', async () => {
  const { db } = database
  const repository = await aRepository(db)
  await Promise.all(Array.from({ length: 20 }, () => aPush(db, repository)))
  const pushes = await db.push.findMany({ where: { repositoryId: repository.id }, orderBy: { sequence: 'asc' } })
  expect(pushes.map((push) => Number(push.sequence))).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
})

test('a newer push names the older builds of its ref that need not go on', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const first = await aQueuedPush(db, repository)
  const second = await aQueuedPush(db, repository)
  expect(second.superseded).toEqual([first.buildId])
})

test('a push of another branch than the deploy branch is skipped with the reason', async () => {
  const { db } = database
  const push = await aPush(db, await aRepository(db), { ref: 'refs/heads/topic' })
  expect(push).toMatchObject({ kind: 'skipped', reason: expect.stringContaining('skipping build for topic branch') })
})

test('a push whose commit asks not to be built is skipped with its words, and keeps no older one from being built', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const first = await aQueuedPush(db, repository)
  const push = await aPush(db, repository, { skip: '[skip ci]' })
  expect(push).toMatchObject({ kind: 'skipped', reason: '[skip ci] in the commit’s message: nothing is built' })
  const { push: older } = await db.build.findUniqueOrThrow({ where: { id: first.buildId }, include: { push: true } })
  expect(await supersededBy(db, older)).toBeUndefined()
  await aQueuedPush(db, repository)
  expect(await supersededBy(db, older)).toBeDefined()
})

test('the same commit again is known, until its build failed', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const sha = aSha()
  const first = await aQueuedPush(db, repository, { sha })
  expect((await aPush(db, repository, { sha })).kind).toBe('known')
  await db.build.update({ where: { id: first.buildId }, data: { state: 'failed' } })
  expect((await aPush(db, repository, { sha })).kind).toBe('queued')
})

test('A → B → A builds A again: it is the newest push', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const [a, b] = [aSha(), aSha()]
  for (const sha of [a, b]) await aQueuedPush(db, repository, { sha })
  expect((await aPush(db, repository, { sha: a })).kind).toBe('queued')
})

/** Tells the store of moves as webhooks of these names do, one after the other. */
const tellOf = async (moves: readonly { before: string; sha: string; hook: string }[]) => {
  const { db } = database
  const repository = await aRepository(db)
  for (const { before, sha, hook } of moves) {
    const delivery = { forge: 'github', id: randomUUID() } as const
    await recordDelivery(db, { ...delivery, event: 'push' }, async (tx) => {
      const push = { repository, ref: 'refs/heads/main', sha, before, pusher: 'ada', message: 'x' }
      await recordPush(tx, { ...push, delivery: { ...delivery, hook } })
      return { outcome: 'accepted' as const }
    })
  }
  const newest = await db.push.findFirst({ where: { repositoryId: repository.id }, orderBy: { sequence: 'desc' } })
  const ref = await db.ref.findFirst({ where: { repositoryId: repository.id } })
  return { newest: newest?.sha, ref: ref?.sha, pushes: await db.push.count({ where: { repositoryId: repository.id } }) }
}

test('A, B, back to A, to B again: told 1, 3, 2 it is B that stands there', async () => {
  const [a, b] = [aSha(), aSha()]
  const hook = '7'
  const [made, first, back, again] = [
    { before: NO_COMMIT, sha: a, hook },
    { before: a, sha: b, hook },
    { before: b, sha: a, hook },
    { before: a, sha: b, hook },
  ]
  expect(await tellOf([made, first, again, back])).toEqual({ newest: b, ref: b, pushes: 4 })
})

test('a second webhook of the same repository tells of nothing new, also when it is late', async () => {
  const [a, b] = [aSha(), aSha()]
  const moves = [
    { before: NO_COMMIT, sha: a },
    { before: a, sha: b },
    { before: b, sha: a },
  ]
  const told = ['7', '8'].flatMap((hook) => moves.map((move) => ({ ...move, hook })))
  expect(await tellOf(told)).toEqual({ newest: a, ref: a, pushes: 3 })
})

test('whatever few commits a ref walks between, and in whatever order two webhooks tell of it, it stands where it went last', async () => {
  const walks = fc
    .array(fc.nat(2), { minLength: 1, maxLength: 8 })
    .map((names) => names.filter((name, n) => name !== names[n - 1]))
  const histories = walks.chain((walk) => {
    const told = walk.flatMap((_, n) => ['7', '8'].map((hook) => ({ n, hook })))
    return fc.tuple(fc.constant(walk), fc.shuffledSubarray(told, { minLength: told.length }))
  })
  await fc.assert(
    fc.asyncProperty(histories, async ([walk, order]) => {
      const commits = [aSha(), aSha(), aSha()]
      const shaOf = (n: number) => commits[walk[n] ?? -1] ?? NO_COMMIT
      const told = order.map(({ n, hook }) => ({ before: shaOf(n - 1), sha: shaOf(n), hook }))
      const last = shaOf(walk.length - 1)
      expect(await tellOf(told)).toMatchObject({ newest: last, ref: last })
    }),
    { numRuns: 60 },
  )
})

test('of fifty copies of one delivery at once exactly one is applied', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const sha = aSha()
  const deliver = () =>
    recordDelivery(db, { forge: 'github', id: `guid-${repository.id}`, event: 'push' }, async (tx) => {
      const push = { repository, ref: 'refs/heads/main', sha, before: aSha(), pusher: 'ada', message: 'x' }
      await recordPush(tx, push)
      return { outcome: 'accepted' as const }
    })
  const results = await Promise.all(Array.from({ length: 50 }, deliver))
  expect(results.filter((result) => result !== undefined)).toHaveLength(1)
  expect(await db.push.count({ where: { repositoryId: repository.id } })).toBe(1)
})

test('a delivery whose effects fail is not stored either', async () => {
  const { db } = database
  const delivery = { forge: 'github', id: 'guid-fails', event: 'push' } as const
  await expect(
    recordDelivery(db, delivery, async () => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(await db.delivery.count({ where: { id: delivery.id } })).toBe(0)
})

test('who takes over a freed login becomes another tenant; a renamed account stays what it was', async () => {
  const { db } = database
  const account = (id: string, login: string) =>
    db.$transaction((tx) => ensureTenant(tx, { forge: 'github', id, login }))
  const before = await account('1001', 'acme')
  const renamed = await account('1001', 'acme-inc')
  const newcomer = await account('2002', 'acme')
  expect(renamed.id).toBe(before.id)
  expect(renamed.slug).toBe('acme')
  expect(newcomer.id).not.toBe(before.id)
  expect(newcomer.slug).toBe('acme-2')
})

test('twenty pushes that arrive in any order leave the ref where it went last', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const shas = Array.from({ length: 20 }, aSha)
  const moves = shas.map((sha, n) => ({ sha, before: shas[n - 1] ?? '0'.repeat(40) }))
  for (const move of moves.toSorted((a, b) => ((a.sha.at(-1) ?? '') < (b.sha.at(-1) ?? '') ? -1 : 1))) {
    await aPush(db, repository, move)
  }
  const newest = await db.push.findFirst({ where: { repositoryId: repository.id }, orderBy: { sequence: 'desc' } })
  expect(newest?.sha).toBe(shas.at(-1))
  const open = await db.build.findMany({ where: { push: { repositoryId: repository.id, sha: shas.at(-1) ?? '' } } })
  expect(open.some((build) => build.state === 'queued')).toBe(true)
})

test('a push of the branch that deploys now is newer than any of the one that did', async () => {
  const { db } = database
  const repository = await aRepository(db)
  for (let n = 0; n < 3; n++) await aQueuedPush(db, repository)
  const renamed = await db.repository.update({ where: { id: repository.id }, data: { defaultBranch: 'trunk' } })
  const { pushId } = await aQueuedPush(db, renamed, { ref: 'refs/heads/trunk' })
  expect(Number((await db.push.findUniqueOrThrow({ where: { id: pushId } })).sequence)).toBe(4)
})

test('a ref that was found to have moved stands there, when its moves are told of late, in their order', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const [known, one, two, found, next] = [aSha(), aSha(), aSha(), aSha(), aSha()]
  await aQueuedPush(db, repository, { sha: known })
  // Back and forth: where it was found counts, however the moves add up.
  const { buildId } = await aQueuedPush(db, repository, { before: known, sha: found, isFound: true })
  await db.build.update({ where: { id: buildId }, data: { state: 'live' } })
  const late = [
    { before: known, sha: one },
    { before: one, sha: two },
    { before: two, sha: found },
    { before: known, sha: found },
  ]
  const kinds: string[] = []
  for (const move of late) {
    kinds.push((await aPush(db, repository, move)).kind)
    const ref = await db.ref.findFirstOrThrow({ where: { repositoryId: repository.id } })
    expect(ref.sha).toBe(found)
  }
  expect(kinds).toEqual(['skipped', 'skipped', 'known', 'known'])
  expect(await aPush(db, repository, { before: found, sha: next })).toMatchObject({ kind: 'queued' })
})
