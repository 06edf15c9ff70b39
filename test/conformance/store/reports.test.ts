import type { Database } from '@pushfn/store/database'
import { dueReports, reportSent, returnReports, wantReports } from '@pushfn/store/reports'
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
const say = (buildId: string, state: 'pending' | 'success') =>
  wantReports(database.db, buildId, [{ context: CONTEXT, state, description: state }])
/** What a reporter takes of the build. */
const take = async (buildId: string) =>
  (await dueReports(database.db, 1_000)).find((report) => report.buildId === buildId && report.context === CONTEXT)
const taken = async (buildId: string) => {
  const report = await take(buildId)
  if (!report) throw new Error('nothing is due')
  return report
}

test('a report is taken by one reporter, and by another when it was given back', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  const report = await taken(buildId)
  expect(await take(buildId)).toBeUndefined()
  await returnReports(database.db, [report])
  expect(await take(buildId)).toBeDefined()
})

test('the same word again is not told again', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  await reportSent(database.db, await taken(buildId))
  await say(buildId, 'pending')
  expect(await take(buildId)).toBeUndefined()
})

test('a reporter that was overtaken while it told an older word has the newest one told once more', async () => {
  const buildId = await aBuild()
  await say(buildId, 'pending')
  const late = await taken(buildId)
  await say(buildId, 'success')
  await reportSent(database.db, await taken(buildId))
  await reportSent(database.db, late)
  expect(await take(buildId)).toMatchObject({ state: 'success' })
})
