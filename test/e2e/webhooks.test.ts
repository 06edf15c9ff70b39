import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '@pushfn/store/database'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { webhookExamples } from '../support/github/payloads.ts'
import { localFetch } from '../support/local-fetch.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'
import { handler } from './bad-input-stage.ts'
import { anyId, anySha, aPushPayload, deliver, deliverTooMuch, type Sent, sign } from './webhooks-delivery.ts'

const rowsOf = async (db: Database) => ({
  tenants: await db.tenant.count(),
  repositories: await db.repository.count(),
  pushes: await db.push.count(),
  builds: await db.build.count(),
  functions: await db.function.count(),
})

const nothing = { tenants: 0, repositories: 0, pushes: 0, builds: 0, functions: 0 }

const inTens = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += 10) results.push(...(await Promise.all(items.slice(at, at + 10).map(work))))
  return results
}

describe('a cloud of listed tenants', () => {
  let world: World
  let db: Database
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pushfn-customers-'))
    const path = join(folder, 'CUSTOMERS')
    await writeFile(path, '# our customers\n\nAda # the first one\r\n  GRACE  \n#bob\n')
    world = await startWorld({ env: { TENANTS: 'listed', CUSTOMERS_PATH: path } })
    db = openDatabase(world.databaseUrl, 2)
  })
  afterAll(async () => {
    await db.$disconnect()
    await world[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('takes every real example of GitHub’s, and none of them changes anything', async () => {
    const examples = webhookExamples()
    expect(examples.length).toBeGreaterThan(700)
    const answers = await inTens(examples, (example) => deliver(world, example))
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]))
    for (const { body } of answers.filter((answer) => answer.body.outcome !== 'accepted')) {
      expect(body).toEqual({ outcome: 'ignored', reason: expect.stringMatching(/\S/) })
    }
    expect(await rowsOf(db)).toEqual(nothing)
    expect(await db.delivery.count()).toBe(examples.length)
  })

  test.each(['eve', 'bob', 'ad', 'adam', 'our customers'.slice(0, 3)])(
    'takes nothing of %s, who is not listed',
    async (login) => {
      const before = await rowsOf(db)
      const { status, body } = await deliver(world, { payload: aPushPayload({ login }) })
      expect({ status, ...body }).toEqual({
        status: 202,
        outcome: 'ignored',
        reason: `${login} is no tenant of this cloud`,
      })
      expect(await rowsOf(db)).toEqual(before)
    },
  )

  test.each(['ada', 'Ada', 'grace', 'Grace'])('takes what %s pushes, who is listed in other letters', async (login) => {
    const { pushes } = await rowsOf(db)
    const { status, body } = await deliver(world, { payload: aPushPayload({ login }) })
    expect({ status, ...body }).toEqual({ status: 202, outcome: 'accepted' })
    expect((await rowsOf(db)).pushes).toBe(pushes + 1)
  })

  test('takes away what left the installation of one who is not listed any more', async () => {
    const key = { forge_login: { forge: 'github', login: 'linus' } } as const
    await db.allowedTenant.create({ data: key.forge_login })
    const [accountId, repositoryId] = [anyId(), anyId()]
    const payload = aPushPayload({ login: 'linus', accountId, repositoryId })
    expect((await deliver(world, { payload })).body.outcome).toBe('accepted')
    await db.allowedTenant.delete({ where: key })
    const account = { login: 'linus', id: accountId }
    const label = { id: repositoryId, name: 'shop', full_name: 'linus/shop', private: false, node_id: 'R_1' }
    const left = (owner: typeof account) => {
      const example = webhookExamples().find(
        (one) => one.event === 'installation_repositories' && one.payload.action === 'removed',
      )?.payload
      const installation = Object(example?.installation)
      return {
        event: 'installation_repositories',
        payload: {
          ...example,
          installation: { ...installation, account: { ...installation.account, ...owner } },
          repositories_added: [],
          repositories_removed: [label],
        },
      }
    }
    const removedAt = async () =>
      (await db.repository.findFirst({ where: { forgeRepositoryId: String(repositoryId) } }))?.removedAt
    // Another account's installation lets go of what is linus' now.
    expect((await deliver(world, left({ login: 'grace', id: anyId() }))).status).toBe(202)
    expect(await removedAt()).toBeNull()
    expect((await deliver(world, left(account))).body).toEqual({ outcome: 'accepted' })
    expect(await removedAt()).toBeInstanceOf(Date)
  })

  test('takes what an operator’s new entry pushes at once', async () => {
    const payload = aPushPayload({ login: 'Joan' })
    expect((await deliver(world, { payload })).body.outcome).toBe('ignored')
    const allowed = await localFetch(`${world.consoleUrl}/api/v1/allowed-tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ forge: 'github', login: 'joan' }),
    })
    expect(allowed.ok).toBe(true)
    expect((await deliver(world, { payload })).body.outcome).toBe('accepted')
  })
})

describe('a cloud of anyone’s', () => {
  let world: World
  let db: Database
  beforeAll(async () => {
    world = await startWorld()
    db = openDatabase(world.databaseUrl, 2)
  })
  afterAll(async () => {
    await db.$disconnect()
    await world[Symbol.asyncDispose]()
  })

  describe('refuses and stores nothing of', () => {
    const text = JSON.stringify({ zen: 'Keep it logically awesome.' })
    const pushWith = (change: Record<string, unknown>) => ({ payload: { ...aPushPayload(), ...change } })
    const repositoryWith = (change: Record<string, unknown>) => {
      const payload = aPushPayload()
      return { payload: { ...payload, repository: { ...Object(payload.repository), ...change } } }
    }
    const signed = (signature: string | undefined): Sent => ({
      body: text,
      headers: { 'x-hub-signature-256': signature },
    })

    test.each<[number, string, () => Sent]>([
      [401, 'no signature', () => signed(undefined)],
      [401, 'an empty signature', () => signed('')],
      [401, 'a signature by another secret', () => signed(sign(text, 'another secret'))],
      [401, 'a signature by an empty secret', () => signed(sign(text, ''))],
      [401, 'a signature of another body', () => signed(sign(`${text} `, world.github.webhooks.settings.secret))],
      [
        401,
        'a signature without its end',
        () => signed(sign(text, world.github.webhooks.settings.secret).slice(0, -1)),
      ],
      [401, 'a signature without its name', () => signed(sign(text, world.github.webhooks.settings.secret).slice(7))],
      [
        401,
        'a right signature after a wrong one',
        () => signed(`${sign(text, 'x')}, ${sign(text, world.github.webhooks.settings.secret)}`),
      ],
      [
        401,
        'nothing but the old SHA-1 signature',
        () => ({ body: text, headers: { 'x-hub-signature-256': undefined, 'x-hub-signature': 'sha1=00' } }),
      ],
      [401, 'broken JSON without a signature', () => ({ body: '{', headers: { 'x-hub-signature-256': undefined } })],
      [401, 'an empty body', () => ({ body: '' })],
      [401, 'bytes that are no text', () => ({ body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) })],
      [
        401,
        'a body that says it is packed',
        () => ({ body: text, headers: { 'content-encoding': 'gzip', 'x-hub-signature-256': sign('x', 'y') } }),
      ],
      [400, 'broken JSON', () => ({ body: '{"ref": ' })],
      [400, 'a list', () => ({ body: '[]' })],
      [400, 'null', () => ({ body: 'null' })],
      [400, 'a text', () => ({ body: '"push"' })],
      [400, 'brackets a million deep', () => ({ body: '['.repeat(1_000_000) + ']'.repeat(1_000_000) })],
      [400, 'no delivery id', () => ({ body: text, headers: { 'x-github-delivery': undefined } })],
      [400, 'a delivery id that is none', () => ({ body: text, headers: { 'x-github-delivery': "1' OR '1'='1" } })],
      [
        400,
        'a delivery id without an end',
        () => ({ body: text, headers: { 'x-github-delivery': 'a'.repeat(4_000) } }),
      ],
      [400, 'no event', () => ({ body: text, headers: { 'x-github-event': undefined } })],
      [400, 'a push of nothing', () => ({ payload: {} })],
      [400, 'a push of a commit that is none', () => pushWith({ after: '--upload-pack=touch /tmp/x' })],
      [400, 'a push of a ref that is none', () => pushWith({ ref: '../../etc' })],
      [400, 'a push of a repository that climbs', () => repositoryWith({ name: '../../other' })],
      [400, 'a push of a repository with a negative id', () => repositoryWith({ id: -1 })],
      [400, 'a push of a repository with an id that is text', () => repositoryWith({ id: '1; DROP TABLE tenants' })],
      [400, 'a push of an owner that is no login', () => repositoryWith({ owner: { id: 1, login: 'a/../b' } })],
      [404, 'a forge that is not here', () => ({ body: text, path: '/webhooks/sourceforge' })],
      [404, 'a forge by a name of every object', () => ({ body: text, path: '/webhooks/constructor' })],
      [404, 'a question', () => ({ method: 'GET' })],
    ])('%i: %s', async (status, _, sent) => {
      const [rows, deliveries] = [await rowsOf(db), await db.delivery.count()]
      const answer = await deliver(world, sent())
      expect(answer.status, JSON.stringify(answer.body)).toBe(status)
      expect(answer.body.detail).toMatch(/\S/)
      expect([await rowsOf(db), await db.delivery.count()]).toEqual([rows, deliveries])
    })

    test.each([
      ['a length', 26_214_401],
      ['no length', undefined],
    ])('413: more than 25 MiB, sent with %s', async (_, length) => {
      const deliveries = await db.delivery.count()
      expect(await deliverTooMuch(world, length, `sha256=${'0'.repeat(64)}`)).toBe(413)
      expect(await db.delivery.count()).toBe(deliveries)
    })

    test('202, though: exactly 25 MiB', async () => {
      const body = `{"zen":"${'x'.repeat(26_214_400 - 10)}"}`
      expect((await deliver(world, { event: 'ping', body })).status).toBe(202)
    })
  })

  test('401 before the body: what bears no signature, or none that could be one, is not read', async () => {
    for (const signature of [undefined, 'sha256=', 'sha1=00', `sha256=${'g'.repeat(64)}`]) {
      expect(await deliverTooMuch(world, 26_214_400, signature)).toBe(401)
    }
  })

  test('413: more than an API call needs, heard each time through the gateway, that is still sending', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 50; n++) {
      const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ slug: 'x'.repeat(300_000) }),
      })
      statuses.push(answer.status)
    }
    expect(new Set(statuses)).toEqual(new Set([413]))
  })

  test('takes a flood of the largest bodies within its memory, and pushes meanwhile', {
    timeout: 240_000,
  }, async () => {
    const body = Buffer.alloc(26_214_400, 'x')
    body.write('{"zen":"')
    body.write('"}', body.length - 2)
    const signature = sign(body, world.github.webhooks.settings.secret)
    const flood = async () => {
      const headers = { 'x-hub-signature-256': signature }
      return Promise.all(Array.from({ length: 60 }, () => deliver(world, { event: 'ping', body, headers })))
    }
    const flooding = flood()
    const pushes = await inTens(Array.from({ length: 20 }), () => deliver(world, { payload: aPushPayload() }))
    expect(new Set(pushes.map(({ status }) => status))).toEqual(new Set([202]))
    const answers = await flooding
    for (const { status, headers } of answers.filter((answer) => answer.status !== 202)) {
      expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 503, retryAfter: '10' })
    }
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0)
    // What was refused and what was taken has left no trace: as many are taken again.
    expect((await flood()).filter(({ status }) => status === 202).length).toBeGreaterThan(0)
    expect((await deliver(world, { event: 'ping', body, headers: { 'x-hub-signature-256': signature } })).status).toBe(
      202,
    )
    const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${world.app('api').pid}/status`, 'utf8'))
    expect(Number(peak?.[1])).toBeLessThan(1_000_000)
  })

  test('tells why a tag and a deleted branch build nothing', async () => {
    const before = await rowsOf(db)
    const tag = await deliver(world, { payload: aPushPayload({ ref: 'refs/tags/v1' }) })
    expect(tag.body).toEqual({ outcome: 'ignored', reason: expect.stringContaining('tags deploy nothing here') })
    const deleted = await deliver(world, { payload: aPushPayload({ after: '0'.repeat(40), deleted: true }) })
    expect(deleted.body).toEqual({ outcome: 'ignored', reason: 'refs/heads/main was deleted' })
    expect(await rowsOf(db)).toEqual(before)
  })

  test('stores a delivery that comes fifty times at once as one', async () => {
    const [before, deliveries] = [await rowsOf(db), await db.delivery.count()]
    const sent = { payload: aPushPayload(), headers: { 'x-github-delivery': randomUUID() } }
    const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(world, sent)))
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 202))
    expect(answers.filter((answer) => answer.body.outcome === 'accepted')).toHaveLength(1)
    expect(answers.filter((answer) => answer.body.outcome === 'known')).toHaveLength(49)
    expect(await db.delivery.count()).toBe(deliveries + 1)
    const { pushes, builds } = before
    expect(await rowsOf(db)).toMatchObject({ pushes: pushes + 1, builds: builds + 1 })
  })

  test('answers before any work: with no builder at all, and the push is built once there is one', async () => {
    const { github } = world
    const account = github.createAccount('barbara')
    const repository = await github.createRepository({ owner: account, name: 'shop' })
    await github.install(account)
    await using copy = await aWorkingCopy()
    await copy.write({
      'stack.yml': 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n',
      'hello/handler.js': handler('built'),
    })
    const sha = await copy.commit()
    await world.app('builder').stop()
    await copy.push(github.pushUrl(repository))
    await github.settled()
    const delivery = github.webhooks.deliveries.findLast((one) => one.event === 'push')
    expect(delivery?.attempts.map((attempt) => attempt.status)).toEqual([202])
    expect(github.statusesOf(sha).filter((status) => status.state !== 'pending')).toEqual([])

    await world.start('builder')
    await github.waitForStatus(sha, 'stack-deploy', 'success')
    expect(await (await localFetch(world.functionUrl('barbara', 'hello'))).text()).toBe('built')
  })

  test('answers soon', async () => {
    const [accountId, repositoryId] = [anyId(), anyId()]
    const times: number[] = []
    for (let n = 0; n < 200; n++) {
      const payload = aPushPayload({
        login: 'edsger',
        accountId,
        repositoryId,
        ref: 'refs/heads/topic',
        after: anySha(),
      })
      const { status, ms } = await deliver(world, { payload })
      expect(status).toBe(202)
      times.push(ms)
    }
    const at = (share: number) => (times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? 0).toFixed(1)
    process.stdout.write(`webhooks answered, of 200 pushes: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms\n`)
  })

  test('answers 503 while the database is away, and takes the same delivery when it is back', async () => {
    const name = new URL(world.databaseUrl).pathname.slice(1)
    await using admin = await administrator()
    const sent = { payload: aPushPayload(), headers: { 'x-github-delivery': randomUUID() } }
    try {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
      const { status, body } = await deliver(world, sent)
      expect({ status, ...body }).toMatchObject({
        status: 503,
        title: 'STORE_FAILED',
        detail: 'not stored: send it again',
      })
    } finally {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
    }
    expect((await deliver(world, sent)).body).toEqual({ outcome: 'accepted' })
  })
})

describe('a cloud of anyone’s, where no builder runs', () => {
  let world: World
  let db: Database
  beforeAll(async () => {
    world = await startWorld()
    await world.app('builder').stop()
    db = openDatabase(world.databaseUrl, 2)
  })
  afterAll(async () => {
    await db.$disconnect()
    await world[Symbol.asyncDispose]()
  })

  test('changes what all real examples mean, and nothing else', async () => {
    const examples = webhookExamples()
    for (const example of examples) expect((await deliver(world, example)).status, example.event).toBe(202)
    const told = (event: string) => examples.filter((example) => example.event === event).map(({ payload }) => payload)
    const pushed = told('push').filter(({ ref, deleted }) => String(ref).startsWith('refs/heads/') && !deleted)
    const commits = new Set(pushed.map(({ repository, ref, after }) => `${Object(repository).id} ${ref} ${after}`))
    const installed = [
      ...told('installation').filter(({ action }) => action === 'created'),
      ...told('installation_repositories').filter(({ action }) => action === 'added'),
    ]
    // Of the same repository and open: what is from a fork waits for a member.
    const previewed = told('pull_request').filter(({ action, pull_request: of }) => {
      const { head, base } = Object(of)
      return ['opened', 'synchronize', 'reopened', 'closed'].includes(String(action)) && head.repo?.id === base.repo.id
    })
    const named = [
      ...previewed.map(({ repository }) => Object(repository).owner.id),
      ...pushed.map(({ repository }) => Object(repository).owner.id),
      ...installed.map(({ installation }) => Object(installation).account.id),
    ]
    // A repository that was known by then may have come to another owner.
    const owners = ['repository', 'pull_request', 'check_run', 'check_suite']
      .flatMap(told)
      .map(({ repository }) => Object(repository).owner.id)
    const previews = await db.push.findMany({ where: { ref: { startsWith: 'refs/pull/' } }, include: { build: true } })
    const heads = new Set(previewed.map(({ pull_request: of }) => Object(of).head.sha))
    expect(previews.length).toBeGreaterThan(0)
    expect(previews.every(({ sha, build }) => heads.has(sha) && build?.target)).toBe(true)
    const all = commits.size + previews.length
    expect(await rowsOf(db)).toMatchObject({ pushes: all, builds: all, functions: 0 })
    const tenants = (await db.tenant.findMany()).map((tenant) => Number(tenant.forgeAccountId))
    expect(tenants).toEqual(expect.arrayContaining([...new Set(named)]))
    expect([...named, ...owners]).toEqual(expect.arrayContaining(tenants))
  })

  test('takes one push of a new tenant under fifty delivery ids, all at once, as one', async () => {
    const { tenants, repositories, pushes, builds, functions } = await rowsOf(db)
    const payload = aPushPayload()
    const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(world, { payload })))
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]))
    expect(answers.filter((answer) => answer.body.outcome === 'accepted')).toHaveLength(1)
    expect(await rowsOf(db)).toEqual({
      tenants: tenants + 1,
      repositories: repositories + 1,
      pushes: pushes + 1,
      builds: builds + 1,
      functions,
    })
  })
})

/** A connection beside all worlds, by which a database can be closed and opened. */
const administrator = async (): Promise<Client & AsyncDisposable> => {
  const client = new Client({ connectionString: testServers().databaseUrl })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
