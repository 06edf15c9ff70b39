import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ForgeRepository } from '../forge.ts'
import { createWebhooks } from './webhooks.ts'

const secret = 'the system webhook’s secret'
const shop: ForgeRepository = {
  id: '15',
  name: 'shop',
  owner: 'acme',
  ownerId: '7',
  isPrivate: true,
  defaultBranch: 'main',
}
const asked: string[] = []
const { receive, isSigned, hookOf } = createWebhooks([secret, 'the one before'], async (id) => {
  asked.push(id)
  return { ...shop, id }
})

const repository = { id: 15, name: 'shop', private: true, default_branch: 'main', owner: { id: 7, login: 'acme' } }
const push = {
  ref: 'refs/heads/main',
  before: 'a'.repeat(40),
  after: 'b'.repeat(40),
  pusher: { login: 'ada' },
  head_commit: { id: 'b'.repeat(40), message: 'Say hello\n\nand more' },
  repository,
}
const pullRequest = {
  action: 'opened',
  number: 7,
  pull_request: {
    title: 'Say it better',
    head: { ref: 'topic', sha: 'c'.repeat(40), repo_id: 15 },
    base: { ref: 'main', sha: 'a'.repeat(40), repo_id: 15 },
  },
  sender: { login: 'ada' },
  repository,
}

const sign = (body: string, key = secret) => createHmac('sha256', key).update(body).digest('hex')
const deliver = (
  payload: unknown,
  { event = 'push', key = secret, repositoryId = '', ...headers }: Record<string, string | undefined> = {},
) => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return receive({
    headers: {
      'x-gitea-delivery': 'd-1',
      'x-gitea-event': event,
      'x-gitea-signature': sign(body, key),
      ...headers,
    },
    body: Buffer.from(body),
    ...(repositoryId && { repositoryId }),
  })
}

describe('Gitea’s webhooks', () => {
  it('tell of a tag the commit behind it, and of a release when it is published', async () => {
    const tag = { ...push, ref: 'refs/tags/v1', after: 'c'.repeat(40) }
    expect((await deliver(tag)).events).toMatchObject([{ ref: 'refs/tags/v1', after: 'b'.repeat(40) }])
    expect(await deliver({ ...tag, head_commit: null })).toMatchObject({ events: [], ignored: expect.any(String) })
    const release = { tag_name: 'v1', name: '', prerelease: false }
    const payload = { action: 'published', release, repository, sender: { login: 'ada' } }
    expect((await deliver(payload, { event: 'release' })).events).toEqual([
      { kind: 'release', repository: shop, tag: 'v1', title: 'v1', sender: 'ada' },
    ])
    expect((await deliver({ ...payload, action: 'updated' }, { event: 'release' })).events).toEqual([])
    const early = { ...payload, release: { ...release, prerelease: true } }
    expect((await deliver(early, { event: 'release' })).events).toEqual([])
  })

  it('say what was pushed, by the word of the whole Gitea without asking it', async () => {
    asked.length = 0
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
    expect(asked).toEqual([])
  })

  it('tell of a deleted branch or tag', async () => {
    const gone = { ref: 'topic', ref_type: 'branch', sender: { login: 'ada' }, repository }
    const { events } = await deliver(gone, { event: 'delete' })
    expect(events).toMatchObject([{ kind: 'push', ref: 'refs/heads/topic' }])
    expect(events[0]).not.toHaveProperty('after')
    const tag = await deliver({ ...gone, ref_type: 'tag' }, { event: 'delete' })
    expect(tag.events).toMatchObject([{ ref: 'refs/tags/topic' }])
  })

  it.each([
    ['opened', 'opened'],
    ['synchronized', 'synchronised'],
    ['reopened', 'reopened'],
    ['closed', 'closed'],
  ])('tell of a pull request: %s', async (action, expected) => {
    const { events } = await deliver({ ...pullRequest, action }, { event: 'pull_request' })
    expect(events).toMatchObject([
      { kind: 'pull-request', action: expected, number: 7, headSha: 'c'.repeat(40), headRef: 'topic', isFork: false },
    ])
  })

  it('take the label “preview” for an approval', async () => {
    const labelled = (name: string) => {
      const pull_request = { ...pullRequest.pull_request, labels: [{ name: 'bug' }, { name }] }
      return deliver({ ...pullRequest, action: 'label_updated', pull_request }, { event: 'pull_request' })
    }
    expect((await labelled('preview')).events).toMatchObject([{ kind: 'pull-request', action: 'approved' }])
    expect((await labelled('later')).events).toEqual([])
  })

  it('know a fork', async () => {
    const head = { ...pullRequest.pull_request.head, repo_id: 99 }
    const payload = { ...pullRequest, pull_request: { ...pullRequest.pull_request, head } }
    expect((await deliver(payload, { event: 'pull_request' })).events).toMatchObject([{ isFork: true }])
  })

  it('tell of a deleted repository, and ignore a new one', async () => {
    const gone = { action: 'deleted', repository }
    expect((await deliver(gone, { event: 'repository' })).events).toEqual([
      { kind: 'repository-deleted', repository: { id: '15' } },
    ])
    expect(await deliver({ ...gone, action: 'created' }, { event: 'repository' })).toMatchObject({ events: [] })
  })

  it('take the secret before as well, and the signature under GitHub’s name for it', async () => {
    expect((await deliver(push, { key: 'the one before' })).events).toHaveLength(1)
    const hub = { 'x-gitea-signature': undefined, 'x-hub-signature-256': `sha256=${sign(JSON.stringify(push))}` }
    expect((await deliver(push, hub)).events).toHaveLength(1)
  })

  const right = sign(JSON.stringify(push))
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another secret', sign(JSON.stringify(push), 'another')],
    ['of another body', sign(`${JSON.stringify(push)} `)],
    ['cut short', right.slice(0, -1)],
    ['too long', `${right}0`],
    ['in capitals', right.toUpperCase()],
    ['a megabyte', '0'.repeat(1 << 20)],
  ])('refuse a signature that is %s', async (_what, signature) => {
    await expect(deliver(push, { 'x-gitea-signature': signature })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('refuse a right SHA-1 signature when there is no other', async () => {
    const sha1 = createHmac('sha1', secret).update(JSON.stringify(push)).digest('hex')
    const headers = { 'x-gitea-signature': undefined, 'x-hub-signature': `sha1=${sha1}` }
    await expect(deliver(push, headers)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(isSigned({ 'x-hub-signature': `sha1=${sha1}` })).toBe(false)
  })

  it.each([
    ['not JSON', '{"ref":', {}],
    ['without a delivery id', push, { 'x-gitea-delivery': undefined }],
    ['without an event', push, { 'x-gitea-event': undefined }],
    ['a push of a repository named “..”', { ...push, repository: { ...repository, name: '..' } }, {}],
    ['a push of an owner with a slash', { ...push, repository: { ...repository, owner: { id: 1, login: 'a/b' } } }, {}],
    ['a push to a commit that is none', { ...push, after: '--upload-pack=sh' }, {}],
  ])('refuse a signed request that is %s', async (_what, payload, headers) => {
    await expect(deliver(payload, headers)).rejects.toMatchObject({ code: 'BAD_REQUEST', hint: expect.any(String) })
  })
})

describe('a webhook of one repository', () => {
  const key = hookOf?.('15').secret ?? ''

  it('speaks for its repository; whose that is, Gitea says and not the payload', async () => {
    const forged = { ...push, repository: { ...repository, owner: { id: 666, login: 'victim' } } }
    const { events } = await deliver(forged, { key, repositoryId: '15' })
    expect(events).toMatchObject([{ repository: { owner: 'acme', ownerId: '7' } }])
  })

  it('speaks for no other, whatever its payload says', async () => {
    const other = { ...push, repository: { ...repository, id: 16 } }
    await expect(deliver(other, { key, repositoryId: '15' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(deliver(other, { key, repositoryId: '16' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(deliver(other, { key })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})
