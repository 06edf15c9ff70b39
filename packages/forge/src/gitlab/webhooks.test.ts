import { createHmac } from 'node:crypto'
import { AppError } from '@pushfn/model/errors'
import { describe, expect, it } from 'vitest'
import type { ForgeRepository } from '../forge.ts'
import { createWebhooks } from './webhooks.ts'

const secret = 'the system hook’s secret'.replaceAll(' ', '-')
const shop: ForgeRepository = {
  id: '15',
  name: 'shop',
  owner: 'acme/web',
  ownerId: '7',
  isPrivate: true,
  defaultBranch: 'main',
}
const asked: string[] = []
const { receive, isSigned, hookOf } = createWebhooks([secret, 'the-one-before'], async (id) => {
  asked.push(id)
  if (id === shop.id) return shop
  throw new AppError('NOT_FOUND', `no project ${id}`)
})

const push = {
  object_kind: 'push',
  event_name: 'push',
  ref: 'refs/heads/main',
  before: 'a'.repeat(40),
  after: 'b'.repeat(40),
  project_id: 15,
  user_username: 'ada',
  user_name: 'Ada',
  commits: [
    { id: 'c'.repeat(40), message: 'Before' },
    { id: 'b'.repeat(40), message: 'Say hello\n\nand more' },
  ],
}

const request = (payload: unknown, headers: Record<string, string | undefined> = {}, repositoryId?: string) => ({
  headers: { 'x-gitlab-token': secret, 'idempotency-key': 'd-1', 'x-gitlab-event': 'Push Hook', ...headers },
  body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  ...(repositoryId && { repositoryId }),
})
const deliver = (...args: Parameters<typeof request>) => receive(request(...args))

const signed = (key: string, body: string, at = Date.now()) => {
  const seconds = String(Math.floor(at / 1_000))
  const bytes = key.startsWith('whsec_') ? Buffer.from(key.slice(6), 'base64') : Buffer.from(key)
  const mac = createHmac('sha256', bytes).update(`d-1.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': 'd-1', 'webhook-timestamp': seconds, 'webhook-signature': `v1,${mac}` }
}

describe('GitLab’s webhooks', () => {
  it('tell of a tag the commit behind it, and of a release when it is made', async () => {
    const tag = { ...push, object_kind: 'tag_push', ref: 'refs/tags/v1', after: 'd'.repeat(40), commits: [] }
    const { events } = await deliver({ ...tag, checkout_sha: 'b'.repeat(40) })
    expect(events).toMatchObject([{ kind: 'push', ref: 'refs/tags/v1', after: 'b'.repeat(40) }])
    expect(await deliver({ ...tag, checkout_sha: null })).toMatchObject({ events: [], ignored: expect.any(String) })
    const release = {
      object_kind: 'release',
      action: 'create',
      tag: 'v1',
      name: 'The first',
      project: { id: 15 },
      commit: { id: 'b'.repeat(40), author: { name: 'Ada' } },
    }
    expect((await deliver(release)).events).toEqual([
      { kind: 'release', repository: shop, tag: 'v1', sha: 'b'.repeat(40), title: 'The first', sender: 'Ada' },
    ])
    expect((await deliver({ ...release, action: 'update' })).events).toEqual([])
  })

  it('say what was pushed; whose the project is, GitLab says', async () => {
    expect(await deliver(push)).toEqual({
      id: 'd-1',
      event: 'push',
      events: [
        {
          kind: 'push',
          repository: shop,
          ref: 'refs/heads/main',
          before: 'a'.repeat(40),
          after: 'b'.repeat(40),
          isForced: false,
          pusher: 'ada',
          message: 'Say hello',
        },
      ],
    })
  })

  it('leave the new commit of a deleted branch out', async () => {
    const { events } = await deliver({ ...push, after: '0'.repeat(40), commits: [] })
    expect(events[0]).not.toHaveProperty('after')
  })

  it.each([
    ['open', {}, 'opened'],
    ['reopen', {}, 'reopened'],
    ['close', {}, 'closed'],
    ['merge', {}, 'closed'],
    ['update', { oldrev: 'a'.repeat(40) }, 'synchronised'],
  ])('tell of a merge request: %s', async (action, more, expected) => {
    const attributes = {
      iid: 7,
      title: 'Say it better',
      action,
      source_branch: 'topic',
      target_branch: 'main',
      source_project_id: 15,
      target_project_id: 15,
      last_commit: { id: 'c'.repeat(40) },
      ...more,
    }
    const payload = { object_kind: 'merge_request', user: { username: 'ada' }, project: { id: 15 } }
    expect((await deliver({ ...payload, object_attributes: attributes })).events).toEqual([
      {
        kind: 'pull-request',
        repository: shop,
        action: expected,
        number: 7,
        title: 'Say it better',
        sender: 'ada',
        headSha: 'c'.repeat(40),
        headRef: 'topic',
        baseRef: 'main',
        isFork: false,
        ...('oldrev' in attributes && { before: attributes.oldrev }),
      },
    ])
    const fork = { ...attributes, source_project_id: 99 }
    expect((await deliver({ ...payload, object_attributes: fork })).events).toMatchObject([{ isFork: true }])
  })

  it('take the label “preview”, when it comes, for an approval, and ignore a merge request of which only words changed', async () => {
    const payload = {
      object_kind: 'merge_request',
      user: { username: 'ada' },
      project: { id: 15 },
      object_attributes: {
        iid: 7,
        title: 'Say it better',
        action: 'update',
        source_branch: 'topic',
        target_branch: 'main',
        source_project_id: 15,
        target_project_id: 15,
        last_commit: { id: 'c'.repeat(40) },
      },
    }
    expect(await deliver(payload)).toMatchObject({ events: [], ignored: expect.stringContaining('update') })
    const [bug, preview] = [{ title: 'bug' }, { title: 'preview' }]
    const labelled = (previous: object[], current: object[]) =>
      deliver({ ...payload, changes: { labels: { previous, current } } })
    expect((await labelled([bug], [bug, preview])).events).toMatchObject([{ action: 'approved' }])
    expect((await labelled([preview], [bug, preview])).events).toEqual([])
  })

  it('tell of a project that goes, without asking for it any more', async () => {
    asked.length = 0
    const { events } = await deliver({ event_name: 'project_destroy', project_id: 99 })
    expect(events).toEqual([{ kind: 'repository-deleted', repository: { id: '99' } }])
    expect(asked).toEqual([])
  })

  it.each([
    ['project_rename', 'repository-renamed'],
    ['project_transfer', 'repository-transferred'],
    ['project_update', 'repository-edited'],
  ])('tell of %s', async (event_name, kind) => {
    expect((await deliver({ event_name, project_id: 15 })).events).toEqual([{ kind, repository: shop }])
  })

  it('take the secret before as well, while it is being changed', async () => {
    expect((await deliver(push, { 'x-gitlab-token': 'the-one-before' })).events).toHaveLength(1)
  })

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['another', 'another-secret'],
    ['cut short', secret.slice(0, -1)],
    ['too long', `${secret}0`],
    ['a megabyte', 'x'.repeat(1 << 20)],
    ['undefined as text', 'undefined'],
  ])('refuse a token that is %s', async (_what, token) => {
    await expect(deliver(push, { 'x-gitlab-token': token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('are not even read without token and signature', () => {
    expect(isSigned({})).toBe(false)
    expect(isSigned({ 'x-gitlab-token': '' })).toBe(false)
    expect(isSigned({ 'x-gitlab-token': 'x' })).toBe(true)
    expect(isSigned({ 'webhook-signature': 'v1,x' })).toBe(true)
  })

  it.each([
    ['not JSON', '{"ref":', {}],
    ['no object', '[1]', {}],
    ['without an event', { ...push, object_kind: undefined, event_name: undefined }, {}],
    ['without a delivery id', push, { 'idempotency-key': undefined }],
    ['with a delivery id nobody would send', push, { 'idempotency-key': 'a b\n' }],
    ['a push to a commit that is none', { ...push, after: '--upload-pack=sh' }, {}],
    ['a push of a project that is none', { ...push, project_id: '../1' }, {}],
  ])('refuse a request with a right token that is %s', async (_what, payload, headers) => {
    await expect(deliver(payload, headers)).rejects.toMatchObject({ code: 'BAD_REQUEST', hint: expect.any(String) })
  })

  it('are not made without a secret', () => {
    expect(() => createWebhooks([], async () => shop)).toThrow(TypeError)
    expect(() => createWebhooks([secret, ''], async () => shop)).toThrow(TypeError)
  })
})

describe('GitLab’s signed webhooks', () => {
  const body = JSON.stringify(push)
  const token = { 'x-gitlab-token': undefined }

  it('count with a right signature, and a wrong one is not made right by a token', async () => {
    expect((await deliver(body, { ...token, ...signed(secret, body) })).events).toHaveLength(1)
    await expect(deliver(body, signed('another', body))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(deliver(`${body} `, signed(secret, body))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('count among several signatures, as while the key is changed there', async () => {
    const headers = signed(secret, body)
    const both = { ...token, ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }
    expect((await deliver(body, both)).events).toHaveLength(1)
  })

  it.each([
    ['an hour old', -3_600_000],
    ['of the future', 3_600_000],
  ])('do not count when they are %s', async (_what, ms) => {
    await expect(deliver(body, signed(secret, body, Date.now() + ms))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    })
  })

  it('do not count without a time', async () => {
    const headers = { ...signed(secret, body), 'webhook-timestamp': undefined }
    await expect(deliver(body, headers)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('a webhook of one project', () => {
  const hook = hookOf?.('15') ?? { query: '', secret: '' }
  const own = { 'x-gitlab-token': hook.secret }

  it('speaks for its project, by its token and by its signature', async () => {
    expect(hook.query).toBe('?repository=15')
    expect((await deliver(push, own, '15')).events).toHaveLength(1)
    const body = JSON.stringify(push)
    expect(
      (await deliver(body, { 'x-gitlab-token': undefined, ...signed(hook.secret, body) }, '15')).events,
    ).toHaveLength(1)
  })

  it('speaks for no other, whatever its payload says', async () => {
    await expect(deliver({ ...push, project_id: 16 }, own, '15')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    const gone = { event_name: 'project_destroy', project_id: 16 }
    await expect(deliver(gone, own, '15')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('opens nothing at another project’s URL, nor at the whole GitLab’s', async () => {
    await expect(deliver(push, own, '16')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(deliver(push, own)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})
