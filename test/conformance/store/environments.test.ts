import { AliasName } from '@pushfn/model/alias'
import { moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { setRepositorySettings } from '@pushfn/store/repository-settings'
import { rerun } from '@pushfn/store/rerun'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPush, aQueuedPush, aRepository, aSha, aSpec } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const DEVELOP = 'refs/heads/develop'
const STAGING = {
  alias: AliasName.parse('staging'),
  expiresAfterMs: null,
  secrets: [],
  environment: { PLACE: 'staging' },
  isEnvironment: true,
}

const withStaging = async (settings = {}): Promise<Repository> => {
  const { id } = await aRepository(database.db)
  const environments = { staging: { branch: 'develop', environment: { PLACE: 'staging' } } }
  await setRepositorySettings(database.db, id, { environments, ...settings })
  return database.db.repository.findUniqueOrThrow({ where: { id } })
}

const targetOf = async (build: { buildId: string }) =>
  (await database.db.build.findUniqueOrThrow({ where: { id: build.buildId } })).target

test('a push of its branch goes there, one of the deploy branch lives, and others nowhere', async () => {
  const repository = await withStaging()
  expect(await targetOf(await aQueuedPush(database.db, repository, { ref: DEVELOP }))).toEqual(STAGING)
  expect(await targetOf(await aQueuedPush(database.db, repository))).toBeNull()
  expect(await aPush(database.db, repository, { ref: 'refs/heads/topic' })).toMatchObject({ kind: 'skipped' })
})

test('a branch that the forge has made the default one since goes live', async () => {
  const { id } = await withStaging()
  const repository = await database.db.repository.update({ where: { id }, data: { defaultBranch: 'develop' } })
  expect(await targetOf(await aQueuedPush(database.db, repository, { ref: DEVELOP }))).toBeNull()
})

test('where tags promote, its pushes are not kept for a tag', async () => {
  const repository = await withStaging({ promote: 'tag v*' })
  const { buildId } = await aQueuedPush(database.db, repository, { ref: DEVELOP })
  expect(await database.db.build.findUnique({ where: { id: buildId } })).toMatchObject({
    isStaged: false,
    target: STAGING,
  })
})

test('a commit that is built once more goes there again', async () => {
  const repository = await withStaging()
  const sha = aSha()
  const first = await aQueuedPush(database.db, repository, { ref: DEVELOP, sha })
  await database.db.build.update({ where: { id: first.buildId }, data: { state: 'failed' } })
  const again = await database.db.$transaction((tx) => rerun(tx, { repository, sha, by: 'ada' }))
  expect(again?.kind).toBe('queued')
  expect(again?.kind === 'queued' && (await targetOf(again))).toEqual(STAGING)
})

test('its words on the commit have a name of their own', async () => {
  const repository = await withStaging()
  const { buildId } = await aQueuedPush(database.db, repository, { ref: DEVELOP })
  const reports = await database.db.report.findMany({ where: { buildId }, select: { context: true } })
  expect(reports).toEqual([{ context: 'staging/stack-deploy' }])
})

test('that is taken out of the settings ends with its builds, and with what runs there', async () => {
  const { db } = database
  const repository = await withStaging()
  const { buildId } = await aQueuedPush(db, repository, { ref: DEVELOP })
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const { sha, sequence } = build.push
  const [wanted] = await release(db, {
    claim: { buildId, generation: build.generation },
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    sha,
    sequence,
    target: STAGING,
    functions: [{ name: 'a', image: 'img/a', digest: `sha256:${sha}`, spec: aSpec() }],
  })
  if (!wanted) throw new Error('nothing released')
  expect(wanted.alias).toBe('staging')
  await moveAlias(db, wanted)
  const live = await aQueuedPush(db, repository)
  const waiting = await aQueuedPush(db, repository, { ref: DEVELOP })

  const other = { environments: { qa: { branch: 'qa' } } }
  const { stopped } = await setRepositorySettings(db, repository.id, other)
  expect(stopped.functions).toEqual([wanted.functionId])
  expect(stopped.builds.toSorted()).toEqual([buildId, waiting.buildId].toSorted())
  expect(await db.alias.findUnique({ where: { id: wanted.aliasId } })).toMatchObject({ removedAt: expect.any(Date) })
  expect(await db.build.findUnique({ where: { id: live.buildId } })).toMatchObject({ cancelReason: null })
  const again = await setRepositorySettings(db, repository.id, other)
  expect(again.stopped).toEqual({ functions: [], builds: [] })
})
