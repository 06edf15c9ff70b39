import { openKeyring } from '@pushfn/kit/envelope'
import { Secret } from '@pushfn/kit/secret'
import { MAX_SECRET_BYTES, MAX_SECRETS } from '@pushfn/model/secret'
import { confirmLive, moveAlias, noteSecrets } from '@pushfn/store/alias-moves'
import { claimBuild } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { release } from '@pushfn/store/releases'
import {
  missingSecrets,
  removeSecret,
  rewrapSecret,
  sealedSecrets,
  secretsOf,
  secretsUnderOtherKeys,
  setSecret,
} from '@pushfn/store/secrets'
import { allWantedStates, wantedState } from '@pushfn/store/wanted'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../../support/builders.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const keyring = openKeyring([new Secret('a key of the test')])
const about = ({ tenantId, name }: { tenantId: string; name: string }) => [tenantId, name]
const set = (key: { tenantId: string; name: string }, value = 'hunter2') =>
  setSecret(database.db, key, keyring.seal(about(key), Buffer.from(value)))

/** A function that is live and names these. */
const naming = async (tenantId: string, secrets: string[]) => {
  const { db } = database
  const repository = await aRepository(db, await db.tenant.findUniqueOrThrow({ where: { id: tenantId } }))
  const { buildId } = await aQueuedPush(db, repository)
  const build = await claimBuild(db, buildId, 'builder')
  if (!build) throw new Error('not claimed')
  const [wanted] = await release(db, {
    claim: { buildId, generation: build.generation },
    tenantId,
    repositoryId: repository.id,
    sha: build.push.sha,
    sequence: build.push.sequence,
    functions: [{ name: 'a', image: 'img/a', digest: `sha256:${build.push.sha}`, spec: aSpec({ secrets }) }],
  })
  if (!wanted) throw new Error('nothing released')
  await moveAlias(db, wanted)
  await confirmLive(db, wanted.revisionId)
  return wanted
}

test('each change has a greater version, also after the secret went, and a tenant’s is nobody else’s', async () => {
  const { db } = database
  const [one, other] = await Promise.all([aTenant(db), aTenant(db)])
  const key = { tenantId: one.id, name: 'password' }
  expect((await set(key)).version).toBe(1)
  expect((await set(key)).version).toBe(2)
  expect((await set({ tenantId: other.id, name: 'password' })).version).toBe(1)
  expect(await removeSecret(db, key)).toBe(true)
  expect(await removeSecret(db, key)).toBe(false)
  expect(await secretsOf(db, one.id)).toEqual([])
  expect((await set(key)).version).toBe(3)
  expect(await missingSecrets(db, one.id, ['password', 'token'])).toEqual(['token'])
  expect(await missingSecrets(db, other.id, ['password'])).toEqual([])
  const [row] = await sealedSecrets(db, one.id, ['password'])
  expect(row && keyring.open(about(key), row)?.toString()).toBe('hunter2')
  // Carried over by somebody who may write to the database.
  expect(row && keyring.open(about({ tenantId: other.id, name: 'password' }), row)).toBeUndefined()
})

test('a tenant has so many, and so much in all, also when they are set at once', async () => {
  const { db } = database
  const [many, much] = await Promise.all([aTenant(db), aTenant(db)])
  const names = Array.from({ length: MAX_SECRETS + 3 }, (_, n) => `s${n}`)
  for (const name of names.slice(0, MAX_SECRETS - 2)) await set({ tenantId: many.id, name })
  const counted = await Promise.allSettled(names.slice(-5).map((name) => set({ tenantId: many.id, name })))
  expect(counted.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  const large = 'x'.repeat(MAX_SECRET_BYTES - 100)
  const weighed = await Promise.allSettled(names.slice(0, 10).map((name) => set({ tenantId: much.id, name }, large)))
  expect(weighed.filter(({ status }) => status === 'fulfilled')).toHaveLength(8)
  expect(await set({ tenantId: much.id, name: 's0' }, 'small').catch(({ code }) => code)).not.toBe('CONFLICT')
})

test('what is live holds its secrets, and what it does not run with is told with the reason', async () => {
  const { db } = database
  const { id: tenantId } = await aTenant(db)
  const [key, free] = [
    { tenantId, name: 'password' },
    { tenantId, name: 'free' },
  ]
  await set(key)
  await set(free)
  const { aliasId } = await naming(tenantId, ['password'])
  await expect(removeSecret(db, key)).rejects.toMatchObject({ code: 'CONFLICT', hint: expect.stringContaining('“a”') })
  expect(await removeSecret(db, free)).toBe(true)
  expect((await set(key)).functions).toMatchObject([{ name: 'a', failure: null }])
  await noteSecrets(db, aliasId, 'ended with exit code 1')
  expect(await secretsOf(db, tenantId)).toMatchObject([
    { name: 'password', functions: [{ failure: 'ended with exit code 1' }] },
  ])
  await naming(tenantId, [])
  expect(await secretsOf(db, tenantId)).toMatchObject([{ functions: [] }])
  expect(await removeSecret(db, key)).toBe(true)
})

test('what shall run changes with the secrets that it names, read one by one or all at once', async () => {
  const { db } = database
  const { id: tenantId } = await aTenant(db)
  const { aliasId } = await naming(tenantId, ['password'])
  const keys = async () => {
    const one = await wantedState(db, aliasId)
    const all = (await allWantedStates(db, new Map())).find((state) => state.aliasId === aliasId)
    expect(all).toEqual(one)
    return one?.live?.secretsKey
  }
  const missing = await keys()
  await set({ tenantId, name: 'password' })
  const first = await keys()
  await set({ tenantId, name: 'other' })
  expect(await keys()).toBe(first)
  await set({ tenantId, name: 'password' })
  expect(new Set([missing, first, await keys(), undefined]).size).toBe(4)
})

test('a newer key wraps all of them, and one that was set meanwhile stays as it was set', async () => {
  const { db } = database
  const { id: tenantId } = await aTenant(db)
  const keys = Array.from({ length: 150 }, (_, n) => ({ tenantId, name: `s${n}` }))
  for (const key of keys) await set(key)
  const newer = openKeyring([new Secret('a newer key of the test'), new Secret('a key of the test')])
  let last: Awaited<ReturnType<typeof secretsUnderOtherKeys>>[number] | undefined
  do {
    const rows = await secretsUnderOtherKeys(db, newer.keyId, last)
    for (const row of rows) {
      const envelope = newer.rewrap(about(row), row)
      if (row.name === 's7' && row.tenantId === tenantId) await set({ tenantId, name: row.name }, 'set meanwhile')
      if (envelope) await rewrapSecret(db, row, envelope)
    }
    last = rows.at(-1)
  } while (last)
  const alone = openKeyring([new Secret('a newer key of the test')])
  const rows = await sealedSecrets(
    db,
    tenantId,
    keys.map(({ name }) => name),
  )
  const closed = rows.filter((row) => alone.open(about(row), row)?.toString() !== 'hunter2')
  expect(closed.map(({ name }) => name)).toEqual(['s7'])
  expect(closed[0] && newer.open(about(closed[0]), closed[0])?.toString()).toBe('set meanwhile')
})
