import type { Database } from '@pushfn/store/database'
import { type PullRequestFacts, recordPullRequest } from '@pushfn/store/pull-requests'
import type { Repository } from '@pushfn/store/repositories'
import { setRepositorySettings } from '@pushfn/store/repository-settings'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRepository, aSha } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const told = (repository: Repository, about: Partial<PullRequestFacts>) =>
  database.db.$transaction((tx) =>
    recordPullRequest(tx, {
      repository,
      action: 'opened',
      number: 7,
      title: 'Say it better',
      sender: 'ada',
      headSha: aSha(),
      headRef: 'topic',
      baseRef: 'main',
      isFork: false,
      ...about,
    }),
  )

test('each new head is built, and overtakes the one before', async () => {
  const repository = await aRepository(database.db)
  const [a, b] = [aSha(), aSha()]
  const first = await told(repository, { headSha: a })
  const second = await told(repository, { action: 'synchronised', headSha: b, before: a })
  expect(first).toMatchObject({ kind: 'queued', superseded: [] })
  expect(second).toMatchObject({ kind: 'queued', superseded: [first.kind === 'queued' && first.buildId] })
  expect(await told(repository, { action: 'synchronised', headSha: b, before: a })).toMatchObject({ kind: 'ignored' })
})

test('an older head that is told of later does not become the head', async () => {
  const { db } = database
  const repository = await aRepository(db)
  const [a, b, c] = [aSha(), aSha(), aSha()]
  await told(repository, { headSha: a })
  await told(repository, { action: 'synchronised', headSha: c, before: b })
  expect(await told(repository, { action: 'synchronised', headSha: b, before: a })).toMatchObject({ kind: 'ignored' })
  expect(await db.pullRequest.findFirst({ where: { repositoryId: repository.id } })).toMatchObject({ headSha: c })
})

test('after its end nothing is built until it is opened again, whatever is told of late', async () => {
  const repository = await aRepository(database.db)
  const sha = aSha()
  expect(await told(repository, { action: 'closed', headSha: sha })).toMatchObject({ kind: 'closed' })
  for (const action of ['opened', 'synchronised', 'approved'] as const) {
    expect(await told(repository, { action })).toMatchObject({ kind: 'ignored', reason: 'pull request #7 is closed' })
  }
  expect(await told(repository, { action: 'reopened', headSha: sha })).toMatchObject({ kind: 'queued' })
})

test('an approval is of the commit it names: a fork that pushed meanwhile waits', async () => {
  const repository = await aRepository(database.db)
  const [a, b] = [aSha(), aSha()]
  const waits = { kind: 'ignored', reason: expect.stringContaining('from a fork') }
  expect(await told(repository, { isFork: true, headSha: a })).toMatchObject(waits)
  expect(await told(repository, { isFork: true, action: 'synchronised', headSha: b, before: a })).toMatchObject(waits)
  expect(await told(repository, { isFork: true, action: 'approved', headSha: a })).toMatchObject(waits)
  expect(await told(repository, { isFork: true, action: 'approved', headSha: b })).toMatchObject({ kind: 'queued' })
})

test('a repository that wants no previews has none', async () => {
  const { db } = database
  const repository = await aRepository(db)
  await setRepositorySettings(db, repository.id, { previews: { isOn: false } })
  const now = await db.repository.findUniqueOrThrow({ where: { id: repository.id } })
  expect(await told(now, {})).toEqual({ kind: 'ignored', reason: 'this repository wants no previews' })
})
