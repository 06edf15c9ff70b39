import { createSign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAppKey } from './app-key.ts'
import { loadDescription } from './description.ts'
import type { FakeGithub } from './fake-github.ts'
import { OPERATIONS } from './operations/operations.ts'
import { startGithub } from './start-github.ts'
import { createWorkingCopy } from './working-copy.ts'
import type { Installation, Repository } from './world.ts'

const APP_ID = 77
const annotation = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'm' }
const key = createAppKey()
const inbox: { headers: Record<string, unknown>; body: Buffer }[] = []
let door: Server
let github: FakeGithub

beforeAll(async () => {
  door = createServer(async (request, response) => {
    inbox.push({ headers: request.headers, body: await buffer(request) })
    response.writeHead(202).end('stored')
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const address = door.address()
  github = await startGithub({
    webhookUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    webhookSecret: 'secret',
    app: { id: APP_ID, publicKey: key.publicKey },
  })
})
afterEach(() => github.heal())
afterAll(async () => {
  await github.stop()
  await new Promise((resolve) => door.close(resolve))
})

const appToken = (claims: Record<string, unknown> = {}, privateKey = key.privateKey, alg = 'RS256'): string => {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg, typ: 'JWT' })}.${encode({ iat: now - 30, exp: now + 300, iss: APP_ID, ...claims })}`
  return `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`
}

const call = async (method: string, path: string, token?: string, body?: unknown) => {
  const response = await fetch(`${github.apiUrl}${path}`, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  // All that the tests read a field of is an object.
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body: answer }
}

const mint = (installation: Installation, body: object = {}, token = appToken()) =>
  call('POST', `/app/installations/${installation.id}/access_tokens`, token, body)

const tokenFor = async (installation: Installation, body: object = {}): Promise<string> =>
  String((await mint(installation, body)).body.token)

let count = 0
const aTenant = async (isPrivate = true) => {
  count += 1
  const account = github.createAccount(`tenant-${count}`)
  const repository = await github.createRepository({ owner: account, name: 'hello', isPrivate })
  const installation = await github.install(account)
  await using copy = await createWorkingCopy(github.pushUrl(repository))
  const sha = await copy.commit({ 'a.txt': 'a' })
  await copy.git('push', '--quiet', 'origin', 'main')
  return { account, repository, installation, sha, path: `/repos/${account.login}/hello` }
}

describe('the stand-in’s description', () => {
  it('has every operation that the stand-in speaks', () => {
    const description = loadDescription()
    const paths = {
      'apps/create-installation-access-token': ['POST', '/app/installations/1/access_tokens'],
      'apps/list-repos-accessible-to-installation': ['GET', '/installation/repositories'],
      'issues/create-comment': ['POST', '/repos/a/b/issues/1/comments'],
      'issues/list-comments': ['GET', '/repos/a/b/issues/1/comments'],
      'issues/update-comment': ['PATCH', '/repos/a/b/issues/comments/1'],
      'apps/create-from-manifest': ['POST', '/app-manifests/a/conversions'],
      'apps/list-webhook-deliveries': ['GET', '/app/hook/deliveries'],
      'apps/redeliver-webhook-delivery': ['POST', '/app/hook/deliveries/1/attempts'],
      'repos/get': ['GET', '/repos/a/b'],
      'repos/get-branch': ['GET', '/repos/a/b/branches/c'],
      'repos/create-commit-status': ['POST', '/repos/a/b/statuses/c'],
      'repos/list-commit-statuses-for-ref': ['GET', '/repos/a/b/commits/c/statuses'],
      'checks/create': ['POST', '/repos/a/b/check-runs'],
      'checks/update': ['PATCH', '/repos/a/b/check-runs/1'],
      'checks/get': ['GET', '/repos/a/b/check-runs/1'],
      'checks/list-for-ref': ['GET', '/repos/a/b/commits/c/check-runs'],
      'repos/create-deployment': ['POST', '/repos/a/b/deployments'],
      'repos/list-deployments': ['GET', '/repos/a/b/deployments'],
      'repos/create-deployment-status': ['POST', '/repos/a/b/deployments/1/statuses'],
      'repos/list-deployment-statuses': ['GET', '/repos/a/b/deployments/1/statuses'],
    } as const
    expect(Object.keys(OPERATIONS).toSorted()).toEqual(Object.keys(paths).toSorted())
    for (const [id, [method, path]] of Object.entries(paths)) {
      expect(description.find(method, path)?.operation.id).toBe(id)
    }
  })
})

describe('the stand-in gives tokens', () => {
  it.each([
    ['signed by another key', () => appToken({}, createAppKey().privateKey)],
    ['of another App', () => appToken({ iss: APP_ID + 1 })],
    ['expired', () => appToken({ exp: Math.floor(Date.now() / 1000) - 1 })],
    ['good for too long', () => appToken({ exp: Math.floor(Date.now() / 1000) + 3_600 })],
    ['from the future', () => appToken({ iat: Math.floor(Date.now() / 1000) + 60 })],
    ['of another algorithm', () => appToken({}, key.privateKey, 'none')],
    ['that is none', () => 'a.b.c'],
  ])('to no JWT %s', async (_what, token) => {
    const { installation } = await aTenant()
    expect((await mint(installation, {}, token())).status).toBe(401)
  })

  it('narrowed to what was asked, and to nothing that the installation has not', async () => {
    const [a, b] = [await aTenant(), await aTenant()]
    const narrowed = await mint(a.installation, {
      repository_ids: [a.repository.id],
      permissions: { statuses: 'write' },
    })
    expect(narrowed).toMatchObject({ status: 201, body: { permissions: { statuses: 'write', metadata: 'read' } } })
    expect(await mint(a.installation, { repository_ids: [b.repository.id] })).toMatchObject({ status: 422 })
    expect(await mint(a.installation, { permissions: { administration: 'write' } })).toMatchObject({ status: 422 })
    expect(await mint(a.installation, { permissions: { contents: 'write' } })).toMatchObject({ status: 422 })
  })

  it('that end', async () => {
    const { installation, path } = await aTenant()
    github.setTokenLife(1)
    const token = await tokenFor(installation)
    github.setTokenLife(3_600_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await call('GET', path, token)).status).toBe(401)
  })

  it('that end with their installation', async () => {
    const { installation, path } = await aTenant()
    const token = await tokenFor(installation)
    expect((await call('GET', path, token)).status).toBe(200)
    await github.suspend(installation, true)
    expect((await call('GET', path, token)).status).toBe(403)
    await github.suspend(installation, false)
    await github.uninstall(installation)
    expect((await call('GET', path, token)).status).toBe(401)
    expect((await mint(installation)).status).toBe(404)
  })
})

describe('the stand-in says no', () => {
  it.each([
    ['a state that is none', { state: 'done' }, /state must be equal to one of the allowed values/],
    ['no state', { context: 'x' }, /must have required property 'state'/],
    ['a number for a text', { state: 'success', description: 7 }, /description must be string/],
    ['a key misspelt', { state: 'success', targetUrl: 'http://x.test' }, /“targetUrl” is not a permitted key/],
    ['a long description', { state: 'success', description: 'x'.repeat(141) }, /maximum is 140/],
    ['a target that is no web page', { state: 'success', target_url: 'javascript:alert(1)' }, /http\(s\) scheme/],
    ['no object', [1], /must be object/],
  ])('to a status with %s', async (_what, body, message) => {
    const { installation, sha, path } = await aTenant()
    const answer = await call('POST', `${path}/statuses/${sha}`, await tokenFor(installation), body)
    expect(answer.status).toBe(422)
    expect(answer.body.message).toMatch(message)
    expect(github.statusesOf(sha)).toEqual([])
  })

  it('to a body that is no JSON, to an unknown commit, an unknown query, an operation that GitHub has not', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    expect((await call('POST', `${path}/statuses/${sha}`, token, '{')).status).toBe(400)
    expect((await call('POST', `${path}/statuses/${'0'.repeat(40)}`, token, { state: 'success' })).status).toBe(422)
    expect((await call('GET', `${path}?nonsense=1`, token)).status).toBe(422)
    expect((await call('GET', `${path}/nonsense`, token)).status).toBe(404)
    expect((await call('POST', '/app/installations/seven/access_tokens', appToken(), {})).status).toBe(422)
  })

  it.each([
    ['51 annotations', { annotations: Array.from({ length: 51 }, () => annotation) }],
    ['a text that is too long', { text: 'x'.repeat(65_536) }],
    ['an annotation without its place', { annotations: [{ ...annotation, start_line: undefined }] }],
  ])('to a check run with %s', async (_what, over) => {
    const { installation, sha, path } = await aTenant()
    const output = { title: 't', summary: 's', ...over }
    const answer = await call('POST', `${path}/check-runs`, await tokenFor(installation), {
      name: 'c',
      head_sha: sha,
      output,
    })
    expect(answer.status).toBe(422)
  })

  it('to a check run that is completed without a conclusion', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    const started = await call('POST', `${path}/check-runs`, token, { name: 'c', head_sha: sha })
    expect(started.status).toBe(201)
    const ended = await call('PATCH', `${path}/check-runs/${started.body.id}`, token, { status: 'completed' })
    expect(ended.status).toBe(422)
  })

  it('to a deployment that would merge, or wait for other checks', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    const answers = [{}, { auto_merge: false }, { required_contexts: [] }, { auto_merge: false, required_contexts: [] }]
    const statuses = answers.map(
      async (over) => (await call('POST', `${path}/deployments`, token, { ref: sha, ...over })).status,
    )
    expect(await Promise.all(statuses)).toEqual([409, 409, 409, 201])
  })

  it('to other tenants’ tokens, as if there were nothing', async () => {
    const [a, b] = [await aTenant(), await aTenant()]
    const token = await tokenFor(a.installation)
    expect((await call('GET', b.path, token)).status).toBe(404)
    expect((await call('POST', `${b.path}/statuses/${b.sha}`, token, { state: 'success' })).status).toBe(404)
    expect((await call('GET', a.path)).status).toBe(404)
  })

  it('to more than 80 writes a minute, and counts them', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    const before = github.limitViolations()
    const answers = await Promise.all(
      Array.from({ length: 82 }, () => call('POST', `${path}/statuses/${sha}`, token, { state: 'success' })),
    )
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(2)
    expect(answers.find(({ status }) => status === 403)?.headers.get('retry-after')).toBe('60')
    expect(github.limitViolations() - before).toBe(2)
  })
})

describe('the stand-in answers', () => {
  it('as the description says: repositories, statuses and checks can be read back', async () => {
    const { installation, repository, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    expect(await call('GET', path, token)).toMatchObject({ status: 200, body: { id: repository.id, private: true } })
    expect(await call('GET', '/installation/repositories', token)).toMatchObject({
      status: 200,
      body: { total_count: 1, repositories: [{ id: repository.id }] },
    })
    await call('POST', `${path}/statuses/${sha}`, token, { state: 'pending', context: 'a' })
    await call('POST', `${path}/statuses/${sha}`, token, { state: 'success', context: 'a' })
    const statuses = await call('GET', `${path}/commits/${sha}/statuses`, token)
    expect(statuses).toMatchObject({ status: 200, body: [{ state: 'success' }, { state: 'pending' }] })
    const made = await call('POST', `${path}/check-runs`, token, { name: 'c', head_sha: sha, external_id: 'x' })
    expect(await call('GET', `${path}/check-runs/${made.body.id}`, token)).toMatchObject({ status: 200 })
    const listed = await call('GET', `${path}/commits/${sha}/check-runs?check_name=c`, token)
    expect(listed).toMatchObject({ status: 200, body: { total_count: 1, check_runs: [{ external_id: 'x' }] } })
  })

  it('where a branch stands, and 304 to who knows it already', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation, { permissions: { contents: 'read' } })
    const answer = await call('GET', `${path}/branches/main`, token)
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'main', commit: { sha, commit: { message: 'a change' } } },
    })
    const headers = { authorization: `Bearer ${token}`, 'if-none-match': answer.headers.get('etag') ?? '' }
    expect((await fetch(`${github.apiUrl}${path}/branches/main`, { headers })).status).toBe(304)
    expect((await call('GET', `${path}/branches/none`, token)).status).toBe(404)
    const blind = await tokenFor(installation, { permissions: { statuses: 'write' } })
    expect((await call('GET', `${path}/branches/main`, blind)).status).toBe(403)
  })

  it('to those who wait for a status, and tells them what there is instead', async () => {
    const { installation, sha, path } = await aTenant()
    const token = await tokenFor(installation)
    const waiting = github.waitForStatus(sha, 'a', 'success')
    await call('POST', `${path}/statuses/${sha}`, token, { state: 'success', context: 'a' })
    expect(await waiting).toMatchObject({ context: 'a', state: 'success' })
    await expect(github.waitForStatus(sha, 'b', 'success', 10)).rejects.toThrow('it has: a success')
  })
})

describe('the stand-in serves Git', () => {
  const clone = async (url: string) => {
    await using copy = await createWorkingCopy(url)
    await copy.git('fetch', '--quiet', 'origin', 'main')
  }
  const withPassword = (repository: Repository, password: string) => {
    const url = new URL(`${github.url}/${repository.owner.login}/${repository.name}.git`)
    return Object.assign(url, { username: 'x-access-token', password }).href
  }

  it('public repositories to anybody, private ones to their tokens and owners', async () => {
    const [open, closed, other] = [await aTenant(false), await aTenant(), await aTenant()]
    await clone(`${github.url}${open.path.slice('/repos'.length)}`)
    await clone(github.pushUrl(closed.repository))
    await clone(withPassword(closed.repository, await tokenFor(closed.installation)))
    await expect(clone(`${github.url}${closed.path.slice('/repos'.length)}`)).rejects.toThrow()
    await expect(clone(github.pushUrl(closed.repository, other.account))).rejects.toThrow('not found')
    await expect(clone(withPassword(closed.repository, 'wrong'))).rejects.toThrow()
    const foreign = await tokenFor(other.installation)
    await expect(clone(withPassword(closed.repository, foreign))).rejects.toThrow('not found')
    const blind = await tokenFor(closed.installation, { permissions: { statuses: 'write' } })
    await expect(clone(withPassword(closed.repository, blind))).rejects.toThrow('not found')
  })

  it('and takes pushes from owners alone', async () => {
    const [open, other] = [await aTenant(false), await aTenant()]
    const push = async (url: string) => {
      await using copy = await createWorkingCopy(url)
      await copy.commit({ 'b.txt': 'b' })
      await copy.git('push', '--quiet', 'origin', 'main:side')
    }
    await expect(push(github.pushUrl(open.repository, other.account))).rejects.toThrow()
    await expect(push(withPassword(open.repository, await tokenFor(open.installation)))).rejects.toThrow()
    await push(github.pushUrl(open.repository))
  })
})

/** The App's deliveries as GitHub lists them. */
const listed = async (query: string): Promise<Record<string, unknown>[]> =>
  Object.values((await call('GET', `/app/hook/deliveries${query}`, appToken())).body).map(Object)

describe('the stand-in sends webhooks', () => {
  it('only for accounts that have the App, once, signed, with ids of their own', async () => {
    const account = github.createAccount('nobody')
    const repository = await github.createRepository({ owner: account, name: 'r' })
    const before = inbox.length
    await using copy = await createWorkingCopy(github.pushUrl(repository))
    await copy.commit({ 'a.txt': 'a' })
    await copy.git('push', '--quiet', 'origin', 'main')
    await github.install(account)
    expect(inbox.slice(before).map(({ headers }) => headers['x-github-event'])).toEqual(['installation'])
    await github.ping()
    const ids = inbox.map(({ headers }) => headers['x-github-delivery'])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('never again by itself, when nobody takes them', async () => {
    const { url } = github.webhooks.settings
    github.webhooks.settings.url = 'http://127.0.0.1:1/'
    await github.ping()
    github.webhooks.settings.url = url
    const delivery = github.webhooks.deliveries.at(-1)
    expect(delivery?.attempts).toMatchObject([{ error: expect.any(String) }])
    expect(await github.webhooks.redeliver(delivery?.guid ?? '')).toMatchObject({ status: 202, body: 'stored' })
  })

  it('and tells the App how they went, page by page, and sends one again when it is asked', async () => {
    const { url } = github.webhooks.settings
    github.webhooks.settings.url = 'http://127.0.0.1:1/'
    await github.ping()
    github.webhooks.settings.url = url
    const guid = github.webhooks.deliveries.at(-1)?.guid
    const [lost] = await listed('?per_page=1')
    expect(lost).toMatchObject({ guid, status_code: 0, redelivery: false, event: 'ping' })
    expect((await call('POST', `/app/hook/deliveries/${lost?.id}/attempts`, appToken())).status).toBe(202)
    await github.settled()
    expect(await listed('?per_page=2')).toMatchObject([
      { guid, status_code: 202, redelivery: true },
      { guid, status_code: 0, redelivery: false },
    ])
    const first = await call('GET', '/app/hook/deliveries?per_page=1', appToken())
    const next = new URL(/<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '')
    expect(await listed(next.search)).toMatchObject([{ id: lost?.id }])
    const { installation } = await aTenant()
    expect((await call('GET', '/app/hook/deliveries', await tokenFor(installation))).status).toBe(401)
    expect((await call('POST', '/app/hook/deliveries/1/attempts', appToken())).status).toBe(404)
  })
})
