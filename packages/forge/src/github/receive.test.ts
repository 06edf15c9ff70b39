import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createReceive } from './receive.ts'

const secret = 'the webhook secret'
const receive = createReceive([secret, 'the secret before'])

const sign = (body: string | Buffer, key = secret, algorithm = 'sha256') =>
  `${algorithm}=${createHmac(algorithm, key).update(body).digest('hex')}`

const push = {
  ref: 'refs/heads/main',
  before: 'a'.repeat(40),
  after: 'b'.repeat(40),
  deleted: false,
  forced: false,
  pusher: { name: 'ada' },
  head_commit: { id: 'b'.repeat(40), message: 'Say hello\n\nand more' },
  repository: { id: 11, name: 'hello', private: true, default_branch: 'main', owner: { id: 7, login: 'Ada' } },
  installation: { id: 3 },
}

const deliver = (payload: unknown, over: Record<string, string | undefined> = {}, event = 'push') => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const headers = { 'x-github-delivery': 'd-1', 'x-github-event': event, 'x-hub-signature-256': sign(body), ...over }
  return receive({ headers, body: Buffer.from(body) })
}

describe('receiving a webhook', () => {
  it('says what was pushed, with ids as text', async () => {
    expect(await deliver(push)).toEqual({
      id: 'd-1',
      event: 'push',
      account: { id: '7', login: 'Ada' },
      repository: { id: '11', name: 'hello' },
      events: [
        {
          kind: 'push',
          repository: {
            id: '11',
            name: 'hello',
            owner: 'Ada',
            ownerId: '7',
            isPrivate: true,
            defaultBranch: 'main',
            installationId: '3',
          },
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

  it('names the webhook that it came by, where GitHub does', async () => {
    expect((await deliver(push)).hook).toBeUndefined()
    expect((await deliver(push, { 'x-github-hook-id': '292430182' })).hook).toBe('292430182')
    await expect(deliver(push, { 'x-github-hook-id': 'a b' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('says which build shall be run again, and of which commit', async () => {
    const { repository, installation } = push
    const place = { action: 'rerequested', repository, installation, sender: { id: 9, login: 'grace' } }
    const rerun = { kind: 'rerun-requested', repository: { id: '11' }, sha: 'b'.repeat(40), sender: 'grace' }
    const buildId = '0199c6f0-0000-7000-8000-000000000001'
    const check_run = { head_sha: 'b'.repeat(40), external_id: buildId }
    expect((await deliver({ ...place, check_run }, {}, 'check_run')).events).toMatchObject([{ ...rerun, buildId }])
    const foreign = { ...place, check_run: { ...check_run, external_id: "1'; --" } }
    expect((await deliver(foreign, {}, 'check_run')).events[0]).not.toHaveProperty('buildId')
    const suite = { ...place, check_suite: { head_sha: 'b'.repeat(40) } }
    expect((await deliver(suite, {}, 'check_suite')).events).toMatchObject([rerun])
    expect((await deliver({ ...suite, action: 'requested' }, {}, 'check_suite')).events).toEqual([])
  })

  it('says which button of which check was pressed, and nothing of others’ checks', async () => {
    const { repository, installation } = push
    const externalId = '0199c6f0-0000-7000-8000-000000000001'
    const payload = {
      action: 'requested_action',
      requested_action: { identifier: 'roll-back' },
      check_run: { head_sha: 'b'.repeat(40), external_id: externalId, name: 'hello' },
      sender: { id: 9, login: 'grace' },
      repository,
      installation,
    }
    const about = { action: 'roll-back', externalId, sha: 'b'.repeat(40), check: 'hello', sender: 'grace' }
    expect((await deliver(payload, {}, 'check_run')).events).toMatchObject([{ kind: 'action-requested', ...about }])
    for (const foreign of [
      { ...payload, requested_action: { identifier: 'lgtm' } },
      { ...payload, requested_action: null },
      { ...payload, check_run: { ...payload.check_run, external_id: 'theirs' } },
    ]) {
      expect((await deliver(foreign, {}, 'check_run')).events).toEqual([])
    }
  })

  it('hands on the words by which the message, not its first line alone, asks not to be built', async () => {
    const { events } = await deliver({
      ...push,
      head_commit: { id: 'b'.repeat(40), message: 'Say hello\n\n[skip ci]' },
    })
    expect(events[0]).toMatchObject({ message: 'Say hello', skip: '[skip ci]' })
  })

  it('leaves the new commit of a deleted branch out', async () => {
    const { events } = await deliver({ ...push, deleted: true, after: '0'.repeat(40), head_commit: null })
    expect(events[0]).not.toHaveProperty('after')
    expect(events[0]).toMatchObject({ kind: 'push', message: '' })
  })

  it('tells of a tag the commit behind it, be it one with a message', async () => {
    const tag = { ...push, ref: 'refs/tags/v1', after: 'c'.repeat(40) }
    const { events } = await deliver(tag)
    expect(events).toMatchObject([{ kind: 'push', ref: 'refs/tags/v1', after: 'b'.repeat(40) }])
    const { ignored } = await deliver({ ...tag, head_commit: null })
    expect(ignored).toBe('refs/tags/v1 is no tag of a commit')
  })

  it('tells of a release when it is published, and of no pre-release', async () => {
    const { repository, installation } = push
    const release = { tag_name: 'v1', name: 'The first', prerelease: false }
    const payload = { action: 'published', release, repository, installation, sender: { id: 9, login: 'grace' } }
    expect((await deliver(payload, {}, 'release')).events).toMatchObject([
      { kind: 'release', repository: { id: '11' }, tag: 'v1', title: 'The first', sender: 'grace' },
    ])
    for (const action of ['created', 'edited', 'released', 'deleted']) {
      expect((await deliver({ ...payload, action }, {}, 'release')).events).toEqual([])
    }
    const early = await deliver({ ...payload, release: { ...release, prerelease: true } }, {}, 'release')
    expect(early).toMatchObject({ events: [], ignored: expect.stringContaining('pre-release') })
  })

  it.each([
    ['opened', 'opened'],
    ['synchronize', 'synchronised'],
    ['reopened', 'reopened'],
    ['closed', 'closed'],
  ])('tells of a pull request: %s', async (action, expected) => {
    const end = { sha: 'c'.repeat(40), ref: 'topic', repo: { id: 11 } }
    const payload = {
      action,
      number: 7,
      pull_request: { title: 'Say it better', head: end, base: { ...end, ref: 'main' } },
      sender: { login: 'ada[bot]' },
      repository: push.repository,
      installation: push.installation,
    }
    const facts = { number: 7, title: 'Say it better', sender: 'ada[bot]', headSha: 'c'.repeat(40), headRef: 'topic' }
    const { events } = await deliver(payload, {}, 'pull_request')
    expect(events).toMatchObject([{ kind: 'pull-request', action: expected, ...facts, baseRef: 'main', isFork: false }])
    // A fork that is gone by now was one.
    for (const repo of [{ id: 12 }, null]) {
      const fork = { ...payload, pull_request: { ...payload.pull_request, head: { ...end, repo } } }
      expect((await deliver(fork, {}, 'pull_request')).events).toMatchObject([{ isFork: true }])
    }
    const labelled = (name: string) => deliver({ ...payload, action: 'labeled', label: { name } }, {}, 'pull_request')
    expect(await labelled('bug')).toMatchObject({ events: [] })
    expect((await labelled('preview')).events).toMatchObject([{ kind: 'pull-request', action: 'approved' }])
  })

  it('takes the secret before as well, while it is being changed', async () => {
    const body = JSON.stringify(push)
    const { events } = await deliver(body, { 'x-hub-signature-256': sign(body, 'the secret before') })
    expect(events).toHaveLength(1)
  })

  it('takes a form with the JSON in it', async () => {
    const body = new URLSearchParams({ payload: JSON.stringify(push) }).toString()
    const { events } = await deliver(body, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' })
    expect(events).toHaveLength(1)
  })

  it('acknowledges and ignores what it does not know', async () => {
    const delivery = await deliver({ action: 'opened', issue: {} }, {}, 'issues')
    expect(delivery).toMatchObject({ event: 'issues', action: 'opened', events: [], ignored: expect.any(String) })
  })

  it('tells whose it is and what it is about, also of what it ignores', async () => {
    const repository = { id: 7, name: 'shop', owner: { id: 1, login: 'ada' } }
    const about = { account: { id: '1', login: 'ada' }, repository: { id: '7', name: 'shop' } }
    expect(await deliver({ action: 'opened', repository }, {}, 'issues')).toMatchObject(about)
    const installation = { account: { id: 2, login: 'grace' } }
    const granted = await deliver({ installation }, {}, 'marketplace_purchase')
    expect(granted).toMatchObject({ account: { id: '2', login: 'grace' } })
    const odd = await deliver({ repository: { id: -1, name: '../..' } }, {}, 'issues')
    expect(odd).not.toHaveProperty('account')
    expect(odd).not.toHaveProperty('repository')
  })

  const body = JSON.stringify(push)
  const right = sign(body)
  const malformed: [string, string | undefined][] = [
    ['missing', undefined],
    ['empty', ''],
    ['of another secret', sign(body, 'another secret')],
    ['of another body', sign(`${body} `)],
    ['SHA-1, though right', sign(body, secret, 'sha1')],
    ['without its algorithm', right.slice('sha256='.length)],
    ['cut short', right.slice(0, -1)],
    ['too long', `${right}0`],
    ['in capitals', right.toUpperCase()],
    ['another algorithm’s name', right.replace('sha256', 'sha512')],
    ['not hexadecimal', `sha256=${'z'.repeat(64)}`],
    ['wide characters of the right length', `sha256=${'é'.repeat(32)}`],
    ['one of many', `${right},${right}`],
    ['a megabyte', `sha256=${'0'.repeat(1 << 20)}`],
    ['undefined as text', 'undefined'],
  ]
  it.each(malformed)('refuses a signature that is %s', async (_what, signature) => {
    await expect(deliver(push, { 'x-hub-signature-256': signature })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('refuses a right SHA-1 signature when there is no other', async () => {
    const headers = { 'x-hub-signature': sign(body, secret, 'sha1'), 'x-hub-signature-256': undefined }
    await expect(deliver(push, headers)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('checks the signature before anything else', async () => {
    const wrong = { 'x-hub-signature-256': sign('other'), 'x-github-event': undefined }
    await expect(deliver('{', wrong)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('refuses an empty body', async () => {
    await expect(deliver('')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('compares bytes: a body that is not UTF-8 is not what was signed as text', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d])
    const headers = { 'x-github-delivery': 'd', 'x-github-event': 'push', 'x-hub-signature-256': sign(bytes) }
    await expect(receive({ headers, body: bytes })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it.each([
    ['not JSON', '{"ref":', {}],
    ['no object', '[1]', {}],
    ['without a delivery id', push, { 'x-github-delivery': undefined }],
    ['with a delivery id nobody would send', push, { 'x-github-delivery': 'a b\n' }],
    ['without an event', push, { 'x-github-event': undefined }],
    ['a push without its repository', { ...push, repository: undefined }, {}],
    ['a push of a repository named “..”', { ...push, repository: { ...push.repository, name: '..' } }, {}],
    [
      'a push of an owner with a slash',
      { ...push, repository: { ...push.repository, owner: { id: 1, login: 'a/b' } } },
      {},
    ],
    ['a push to a commit that is none', { ...push, after: '--upload-pack=sh' }, {}],
    ['an id beyond what JSON numbers hold', { ...push, installation: { id: 2 ** 60 } }, {}],
  ])('refuses a signed request that is %s', async (_what, payload, headers) => {
    await expect(deliver(payload, headers)).rejects.toMatchObject({ code: 'BAD_REQUEST', hint: expect.any(String) })
  })

  it('is not made without a secret', () => {
    expect(() => createReceive([])).toThrow(TypeError)
    expect(() => createReceive([secret, ''])).toThrow(TypeError)
  })
})
