import { AliasName } from '@pushfn/model/alias'
import type { BuildTarget } from '@pushfn/model/build-target'
import { confirmLive, moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { rollBack, rollBackStack } from '@pushfn/store/rollback'
import { sweepRevisions } from '@pushfn/store/sweep'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSha, aSpec } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** What was built for a preview has another environment, and may be of commits that nobody merged: it never becomes live. */
let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const target: BuildTarget = {
  alias: AliasName.parse('pr-7-shop'),
  expiresAfterMs: null,
  secrets: [],
  environment: { DATABASE: 'staging' },
  isEnvironment: false,
}

/** A push whose function `a` answers where it was to go. */
const deployed = async (repository: Repository, goesTo?: BuildTarget, spec = aSpec()) => {
  const { db } = database
  const pullRequest = { repositoryId: repository.id, number: 7, title: '', headRef: '', headSha: aSha(), baseRef: '' }
  const { id: pullRequestId } = await db.pullRequest.upsert({
    where: { repositoryId_number: { repositoryId: repository.id, number: 7 } },
    create: { ...pullRequest, isFork: true, isOpen: true, alias: target.alias },
    update: {},
  })
  const preview = goesTo && { ref: 'refs/pull/7/head', preview: { pullRequestId, target: goesTo } }
  const { buildId } = await aQueuedPush(db, repository, preview)
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const { sha, sequence } = build.push
  const [wanted] = await release(db, {
    claim: { buildId, generation: build.generation },
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    sha,
    sequence,
    target: goesTo,
    functions: [{ name: 'a', image: 'img/a', digest: `sha256:${sha}`, spec }],
  })
  if (!wanted) throw new Error('nothing released')
  await moveAlias(db, wanted)
  await confirmLive(db, wanted.revisionId)
  return { ...wanted, sha }
}

describe('a preview', () => {
  test('is nothing to roll back to, by whatever name', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const preview = await deployed(repository, target)
    const live = await deployed(repository)
    const of = { tenantId: repository.tenantId, name: 'a' }
    await expect(rollBack(db, of, 'before')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(rollBack(db, of, { alias: target.alias })).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: expect.stringContaining('was built for another place'),
    })
    await expect(rollBack(db, of, { revision: preview.revisionId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(rollBack(db, of, { commit: preview.sha })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(rollBackStack(db, repository.id, preview.sha)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const alias = await db.alias.findFirst({ where: { name: 'live', functionId: live.functionId } })
    expect(alias).toMatchObject({ revisionId: live.revisionId, wantedRevisionId: live.revisionId })
  })

  test('takes no place among the revisions that are kept, and is kept while it stands', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const first = await deployed(repository)
    const second = await deployed(repository)
    const previews = []
    for (let n = 0; n < 4; n += 1) previews.push(await deployed(repository, target))
    const { functionId } = second
    const kept = async () =>
      (await db.revision.findMany({ where: { functionId, sweptAt: null }, orderBy: { createdAt: 'asc' } })).map(
        ({ id }) => id,
      )
    const anHourAgo = new Date(Date.now() - 3_700_000)
    await db.revision.updateMany({ where: { functionId }, data: { createdAt: anHourAgo } })
    await sweepRevisions(db, 2)
    expect((await kept()).toSorted()).toEqual(
      [first, second, previews[3]].map((one) => one?.revisionId ?? '').toSorted(),
    )
  })

  test('has of the secrets that it names those alone that are let through', async () => {
    const { db } = database
    const repository = await aRepository(db)
    const spec = aSpec({ secrets: ['password', 'token'] })
    const named = async (goesTo?: BuildTarget) => {
      const { revisionId } = await deployed(repository, goesTo, spec)
      return Object(await db.revision.findUniqueOrThrow({ where: { id: revisionId } })).spec.secrets
    }
    expect(await named()).toEqual(['password', 'token'])
    expect(await named(target)).toEqual([])
    expect(await named({ ...target, secrets: ['token', 'other'] })).toEqual(['token'])
  })
})
