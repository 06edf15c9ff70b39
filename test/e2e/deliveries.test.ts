import { randomUUID } from 'node:crypto'
import { DeliveryPage, DeliveryView } from '@pushfn/model/delivery'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webhookExamples } from '../support/github/payloads.ts'
import { consoleTenantOf, startConsoleWithGithub } from './console-github.ts'
import type { ConsoleStage } from './console-stage.ts'
import { anyId, anySha, aPushPayload, type Door, deliver, type Sent } from './webhooks-delivery.ts'

/** The ledger: what came of every delivery, why, and what a replay does. No builder runs: the test says how builds end. */
let stage: ConsoleStage
let door: Door
beforeAll(async () => {
  ;({ stage, door } = await startConsoleWithGithub({ DELIVERY_RETENTION_DAYS: '10' }))
})
afterAll(() => stage[Symbol.asyncDispose]())

const ask = async (method: 'GET' | 'POST', path: string, token = stage.operatorToken) => {
  const answer = await request(`${stage.apiUrl}/${path}`, { method, headers: { authorization: `Bearer ${token}` } })
  return { status: answer.statusCode, body: await answer.body.json() }
}

const ledger = async (path: string, token?: string): Promise<DeliveryPage> =>
  DeliveryPage.parse((await ask('GET', path, token)).body)

const newest = async (): Promise<DeliveryView> => {
  const [entry] = (await ledger('deliveries?limit=1')).items
  if (!entry) throw new Error('the ledger is empty')
  return entry
}

const replay = async (entry: DeliveryView): Promise<DeliveryView> =>
  DeliveryView.parse((await ask('POST', `deliveries/${entry.id}/replay`)).body)

const allow = (login: string) => stage.db.allowedTenant.create({ data: { forge: 'github', login } })

interface Person {
  login: string
  accountId: number
  repositoryId: number
}

const aPerson = (): Person => ({ login: `p-${randomUUID().slice(0, 8)}`, accountId: anyId(), repositoryId: anyId() })

const aListedPerson = async (): Promise<Person> => {
  const person = aPerson()
  await allow(person.login)
  return person
}

/** Delivers and gives the entry of it. */
const delivered = async (sent: Sent): Promise<DeliveryView> => {
  expect((await deliver(door, sent)).status).toBe(202)
  return newest()
}

const pushed = (facts: Parameters<typeof aPushPayload>[0], before = '0'.repeat(40)): Promise<DeliveryView> =>
  delivered({ payload: { ...aPushPayload(facts), before } })

const anInstallation = (action: string, { login, accountId }: Person): Sent => {
  const example = webhookExamples().find(
    ({ event, payload }) => event === 'installation' && payload.action === action,
  )?.payload
  const installation = Object(example?.installation)
  const account = { ...installation.account, login, id: accountId }
  return { event: 'installation', payload: { ...example, installation: { ...installation, account } } }
}

const endBuild = (id: string | undefined, state: 'live' | 'failed') =>
  stage.db.build.update({ where: { id: id ?? '' }, data: { state, finishedAt: new Date() } })

const tokenOf = async ({ accountId }: Person): Promise<{ slug: string; token: string }> => {
  const { tenant, token } = await consoleTenantOf(stage, accountId)
  return { slug: tenant.slug, token }
}

describe('the ledger', () => {
  test('tells of each delivery whose it is, what came of it, and why nothing did', async () => {
    const ada = await aListedPerson()
    const push = await pushed(ada)
    expect(push).toMatchObject({
      forge: 'github',
      event: 'push',
      action: null,
      login: ada.login,
      outcome: 'accepted',
      reason: null,
      isReplayable: true,
      replay: null,
      builds: [{ state: 'queued', ref: 'refs/heads/main' }],
    })
    const tag = await pushed({ ...ada, ref: 'refs/tags/v1' })
    expect(tag).toMatchObject({
      outcome: 'ignored',
      reason: expect.stringContaining('refs/tags/v1 is no branch'),
      builds: [],
    })
    const { repository } = aPushPayload(ada)
    const issue = await delivered({ event: 'issues', payload: { action: 'opened', repository } })
    expect(issue).toMatchObject({
      event: 'issues',
      action: 'opened',
      login: ada.login,
      repository: push.repository,
      outcome: 'ignored',
      reason: 'the event “issues” means nothing here',
      isReplayable: false,
    })
    expect((await ask('POST', `deliveries/${issue.id}/replay`)).status).toBe(409)
  })

  test('is each tenant’s own, page by page and by filter; operators see all of it', async () => {
    const [ada, eve] = [await aListedPerson(), await aListedPerson()]
    const [first, second] = [await pushed(ada), await pushed({ ...ada, ref: 'refs/tags/v2' })]
    const foreign = await pushed(eve)
    const { slug, token } = await tokenOf(ada)
    const ids = async (query: string) => {
      const page = await ledger(`tenants/${slug}/deliveries${query}`, token)
      return [...page.items.map((entry) => entry.id), page.next]
    }
    expect(await ids('')).toEqual([second.id, first.id, null])
    expect(await ids('?limit=1')).toEqual([second.id, second.id])
    expect(await ids(`?limit=1&before=${second.id}`)).toEqual([first.id, null])
    expect(await ids('?outcome=ignored')).toEqual([second.id, null])
    expect(await ids('?event=issues')).toEqual([null])
    expect(await ids(`?repository=${first.repository}`)).toEqual([second.id, first.id, null])
    expect((await ask('GET', `tenants/${slug}/deliveries?outcome=lost`, token)).status).toBe(400)
    for (const [method, path] of [
      ['GET', foreign.id],
      ['POST', `${foreign.id}/replay`],
    ] as const) {
      expect((await ask(method, `tenants/${slug}/deliveries/${path}`, token)).status).toBe(404)
    }
    expect((await ask('GET', `tenants/${slug}/deliveries/${first.id}`, token)).body).toMatchObject({ id: first.id })
    const all = (await ledger('deliveries?limit=3')).items.map((entry) => entry.id)
    expect(all).toEqual([foreign.id, second.id, first.id])
  })

  test('shows an account what came before it was a tenant', async () => {
    const ada = aPerson()
    const early = await pushed(ada)
    await allow(ada.login)
    await pushed(ada)
    const { slug, token } = await tokenOf(ada)
    const { items } = await ledger(`tenants/${slug}/deliveries`, token)
    expect(items.at(-1)).toMatchObject({ id: early.id, outcome: 'ignored', reason: expect.stringMatching(/no tenant/) })
  })

  test('keeps what is too large without its events', async () => {
    const ada = await aListedPerson()
    const sent = anInstallation('created', ada)
    const repositories = Array.from({ length: 6_000 }, (_, n) => ({ id: n + 1, name: `r-${n}`, private: false }))
    const entry = await delivered({ ...sent, payload: { ...Object(sent.payload), repositories } })
    expect(entry).toMatchObject({ outcome: 'accepted', isReplayable: false })
    const tenant = { forgeAccountId: String(ada.accountId) }
    expect(await stage.db.repository.count({ where: { tenant, removedAt: null } })).toBe(6_000)
    expect((await ask('POST', `deliveries/${entry.id}/replay`)).status).toBe(409)
  })

  test('forgets deliveries after its days, and their pushes stay', async () => {
    const ada = await aListedPerson()
    const [old, recent] = [await pushed(ada), await pushed({ ...ada, ref: 'refs/heads/topic' })]
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
    await stage.db.delivery.update({ where: { entryId: old.id }, data: { receivedAt: daysAgo(11) } })
    await stage.db.delivery.update({ where: { entryId: recent.id }, data: { receivedAt: daysAgo(9) } })
    await stage.restart()
    await expect.poll(async () => (await ask('GET', `deliveries/${old.id}`)).status).toBe(404)
    expect((await ask('GET', `deliveries/${recent.id}`)).status).toBe(200)
    expect(await stage.db.push.count({ where: { repository: { forgeRepositoryId: String(ada.repositoryId) } } })).toBe(
      2,
    )
  })
})

describe('a replay', () => {
  test('of what was ignored because its account was no tenant builds it, once it is one', async () => {
    const ada = aPerson()
    const entry = await pushed(ada)
    expect(await replay(entry)).toMatchObject({
      outcome: 'ignored',
      replay: { outcome: 'ignored', reason: `${ada.login} is no tenant of this cloud` },
    })
    await allow(ada.login)
    expect(await replay(entry)).toMatchObject({
      replay: { outcome: 'accepted', reason: null },
      builds: [{ state: 'queued' }],
    })
  })

  test('of a push whose build failed builds it again; of one that lives it changes nothing', async () => {
    const entry = await pushed(await aListedPerson())
    await endBuild(entry.builds[0]?.id, 'failed')
    const again = await replay(entry)
    expect(again.builds.map(({ state }) => state)).toEqual(['failed', 'queued'])
    await endBuild(again.builds[1]?.id, 'live')
    expect(await replay(entry)).toMatchObject({
      builds: [{ state: 'failed' }, { state: 'live' }],
      replay: { outcome: 'ignored', reason: expect.stringMatching(/stands at [0-9a-f]{8} already/) },
    })
  })

  test('of an old push changes nothing that a newer one decided, also where it was ignored at first', async () => {
    const ada = aPerson()
    const [a, b, c] = [anySha(), anySha(), anySha()]
    const ignored = await pushed({ ...ada, after: a })
    await allow(ada.login)
    const old = await pushed({ ...ada, after: b }, a)
    await pushed({ ...ada, after: c }, b)
    const before = await stage.db.push.count()
    for (const entry of [ignored, old]) {
      expect((await replay(entry)).replay).toMatchObject({
        outcome: 'ignored',
        reason: `refs/heads/main has moved on since: ${c.slice(0, 8)} is newer`,
      })
    }
    expect(await stage.db.push.count()).toBe(before)
    const ref = await stage.db.ref.findFirst({
      where: { name: 'refs/heads/main', repository: { forgeRepositoryId: String(ada.repositoryId) } },
    })
    expect(ref?.sha).toBe(c)
  })

  test('twenty times at once builds a failed push once', async () => {
    const entry = await pushed(await aListedPerson())
    await endBuild(entry.builds[0]?.id, 'failed')
    await Promise.all(Array.from({ length: 20 }, () => replay(entry)))
    expect((await newest()).builds).toHaveLength(2)
  })

  test('of an uninstalled App takes nothing away when it was installed again since', async () => {
    const ada = await aListedPerson()
    await delivered(anInstallation('created', ada))
    const gone = await delivered(anInstallation('deleted', ada))
    await delivered(anInstallation('created', ada))
    expect((await replay(gone)).replay).toEqual({
      at: expect.any(String),
      outcome: 'ignored',
      reason: 'installation created came later and stays decided',
    })
    const tenant = await stage.db.tenant.findFirst({ where: { forgeAccountId: String(ada.accountId) } })
    expect(tenant?.removedAt).toBeNull()
  })

  test('gives nobody a repository back that is another’s now, nor an old name', async () => {
    const [ada, eve] = [await aListedPerson(), await aListedPerson()]
    const { repositoryId } = ada
    const [first, second] = [await pushed(ada), await pushed({ ...ada, ref: 'refs/heads/topic' })]
    await stage.db.build.updateMany({
      where: { id: { in: [first, second].flatMap((entry) => entry.builds.map(({ id }) => id)) } },
      data: { state: 'failed' },
    })
    const renamed = await stage.db.repository.updateMany({
      where: { forgeRepositoryId: String(repositoryId) },
      data: { name: 'renamed' },
    })
    expect(renamed.count).toBe(1)
    expect((await replay(first)).builds).toHaveLength(2)
    const repository = () => stage.db.repository.findFirst({ where: { forgeRepositoryId: String(repositoryId) } })
    expect((await repository())?.name).toBe('renamed')

    await pushed({ ...eve, repositoryId })
    const owner = (await repository())?.tenantId
    expect((await replay(second)).replay?.reason).toBe('the repository belongs to another account')
    expect((await repository())?.tenantId).toBe(owner)
  })
})
