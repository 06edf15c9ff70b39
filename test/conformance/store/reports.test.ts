import type { Database } from '@pushfn/store/database'
import {
  currentReport,
  dueReports,
  holdReport,
  isOvertaken,
  PENDING_AFTER_MS,
  reportDelayed,
  reportSent,
  returnReports,
  wantReports,
} from '@pushfn/store/reports'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aQueuedPush, aRepository } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const CONTEXT = 'fn'

const aBuild = async () => (await aQueuedPush(database.db, await aRepository(database.db))).buildId
const say = (buildId: string, state: 'pending' | 'success' | 'failure') =>
  wantReports(database.db, buildId, [{ context: CONTEXT, state, description: state }])
/** What a reporter takes of the build. */
const take = async (buildId: string) =>
  (await dueReports(database.db, 1_000)).find((report) => report.buildId === buildId && report.context === CONTEXT)
const taken = async (buildId: string) => {
  const report = await take(buildId)
  if (!report) throw new Error('nothing is due')
  return report
}
/** As if so much time had gone by. */
const pass = (buildId: string, ms: number) => database.db.$executeRaw`
  UPDATE reports SET due_at = due_at - ${ms} * interval '1 millisecond',
    taken_until = taken_until - ${ms} * interval '1 millisecond' WHERE build_id = ${buildId}::uuid`

test('a report is taken by one reporter, and by another when it was given back', async () => {
  const buildId = await aBuild()
  await say(buildId, 'success')
  const report = await taken(buildId)
  expect(await take(buildId)).toBeUndefined()
  await returnReports(database.db, [report])
  expect(await take(buildId)).toBeDefined()
})

test('the same word again is not told again', async () => {
  const buildId = await aBuild()
  await say(buildId, 'success')
  await reportSent(database.db, await taken(buildId))
  await say(buildId, 'success')
  expect(await take(buildId)).toBeUndefined()
})

test('a word that something is under way waits for the one that follows soon, and is told when none does', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  expect(await take(buildId)).toBeUndefined()
  await say(buildId, 'success')
  expect(await taken(buildId)).toMatchObject({ state: 'success', version: 2 })

  const slow = await aBuild()
  await say(slow, 'pending')
  await pass(slow, PENDING_AFTER_MS)
  await reportSent(database.db, await taken(slow))
  await say(slow, 'failure')
  expect(await taken(slow)).toMatchObject({ state: 'failure' })
})

test('a word that comes while an older one is being told waits for it, and what is told is the newest', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  await pass(buildId, PENDING_AFTER_MS)
  const older = await taken(buildId)
  await say(buildId, 'success')
  expect(await take(buildId)).toBeUndefined()
  const newest = await currentReport(database.db, older)
  expect(newest).toMatchObject({ state: 'success' })
  // It had begun to tell the older one before.
  await reportSent(database.db, older)
  await reportSent(database.db, await taken(buildId), 'check-1')
  expect(await take(buildId)).toBeUndefined()
  expect(await database.db.report.findFirst({ where: { buildId, context: CONTEXT } })).toMatchObject({
    sent: 2,
    forgeId: 'check-1',
  })
})

test('a report is held while it takes long to tell, and followed by another when its reporter died', async () => {
  const buildId = await aBuild()
  await say(buildId, 'success')
  const report = await taken(buildId)
  await pass(buildId, 60_000)
  await holdReport(database.db, report)
  expect(await take(buildId)).toBeUndefined()
  await pass(buildId, 60_000)
  expect(await taken(buildId)).toMatchObject({ takes: 2 })
})

test('a reporter that was thought dead while it told a word has the newest one told once more', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  await pass(buildId, PENDING_AFTER_MS)
  const late = await taken(buildId)
  await say(buildId, 'success')
  await pass(buildId, 60_000)
  const other = await taken(buildId)
  expect(await currentReport(database.db, late)).toBeUndefined()
  await reportSent(database.db, late)
  await reportSent(database.db, other)
  // Not before the second one’s time is over: it may be telling.
  expect(await take(buildId)).toBeUndefined()
  await pass(buildId, 60_000)
  expect(await take(buildId)).toMatchObject({ state: 'success' })
})

test('what could not be told is due later, and at once when there is a newer word', async () => {
  const buildId = await aBuild()
  await say(buildId, 'failure')
  await reportDelayed(database.db, await taken(buildId), 60_000)
  expect(await take(buildId)).toBeUndefined()
  await say(buildId, 'success')
  expect(await taken(buildId)).toMatchObject({ state: 'success', tries: 0 })
})

test('an older build of a commit is overtaken by the word of a later one', async () => {
  const repository = await aRepository(database.db)
  const older = await aQueuedPush(database.db, repository, { sha: 'a'.repeat(40) })
  const later = await aQueuedPush(database.db, repository, { sha: 'a'.repeat(40), before: 'b'.repeat(40) })
  await say(older.buildId, 'failure')
  await say(later.buildId, 'success')
  expect(await isOvertaken(database.db, await taken(older.buildId))).toBe(true)
  const other = await aBuild()
  await say(other, 'success')
  expect(await isOvertaken(database.db, await taken(other))).toBe(false)
})
