import { createHmac } from 'node:crypto'
import { createReceive } from '@pushfn/forge/github/receive'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webhookExamples } from '../../support/github/payloads.ts'
import { createWorkingCopy } from '../../support/github/working-copy.ts'
import { aTenant, type GithubUnderTest, startGithubUnderTest } from './github-under-test.ts'

describe('every real example of GitHub’s webhooks', () => {
  const receive = createReceive(['a secret'])
  const deliver = (event: string, payload: unknown) => {
    const body = Buffer.from(JSON.stringify(payload))
    const signature = `sha256=${createHmac('sha256', 'a secret').update(body).digest('hex')}`
    return receive({
      headers: { 'x-github-delivery': 'd', 'x-github-event': event, 'x-hub-signature-256': signature },
      body,
    })
  }

  it('is received, and only these mean anything', async () => {
    const examples = webhookExamples()
    expect(examples.length).toBeGreaterThan(700)
    const meanings = new Map<string, number>()
    for (const { event, payload } of examples) {
      const delivery = await deliver(event, payload)
      expect(delivery.events.length === 0).toBe(delivery.ignored !== undefined)
      for (const meaning of delivery.events) {
        const action = delivery.action ? `.${delivery.action}` : ''
        const key = `${event}${action} → ${meaning.kind}`
        meanings.set(key, (meanings.get(key) ?? 0) + 1)
      }
    }
    expect([...meanings].map(([key, times]) => `${times} × ${key}`).toSorted()).toMatchInlineSnapshot(`
      [
        "1 × installation.suspend → suspended",
        "1 × installation.unsuspend → unsuspended",
        "1 × pull_request.synchronize → pull-request",
        "1 × repository.renamed → repository-renamed",
        "10 × release.published → release",
        "10 × repository.publicized → repository-edited",
        "11 × ping → ping",
        "11 × pull_request.opened → pull-request",
        "14 × push → push",
        "2 × check_run.rerequested → rerun-requested",
        "2 × pull_request.reopened → pull-request",
        "2 × repository.deleted → repository-deleted",
        "2 × repository.edited → repository-edited",
        "3 × installation_repositories.removed → repositories-changed",
        "3 × repository.transferred → repository-transferred",
        "4 × check_suite.rerequested → rerun-requested",
        "4 × installation.created → installed",
        "4 × pull_request.closed → pull-request",
        "4 × repository.privatized → repository-edited",
        "9 × installation.deleted → uninstalled",
        "9 × installation_repositories.added → repositories-changed",
      ]
    `)
  })
})

describe('webhooks of a living GitHub', () => {
  let under: GithubUnderTest
  beforeAll(async () => {
    under = await startGithubUnderTest()
  })
  afterAll(() => under[Symbol.asyncDispose]())

  it('tell of an installation, with its repositories, and of its end', async () => {
    const { github, received } = under
    const { installation, account, repository } = await aTenant(github, 'ada')
    const facts = { installationId: String(installation.id), account: { id: String(account.id), login: 'ada' } }
    expect(received.at(-1)?.events).toEqual([
      { kind: 'installed', ...facts, repositories: [{ id: String(repository.id), name: 'hello', isPrivate: true }] },
    ])
    await github.suspend(installation, true)
    expect(received.at(-1)?.events).toEqual([{ kind: 'suspended', ...facts }])
    await github.suspend(installation, false)
    expect(received.at(-1)?.events).toEqual([{ kind: 'unsuspended', ...facts }])
    await github.uninstall(installation)
    expect(received.at(-1)?.events).toEqual([{ kind: 'uninstalled', ...facts }])
  })

  it('tell of pushes: a new branch, a commit more, a forced one, a tag, a deleted branch', async () => {
    const { github, received } = under
    const { repository, forgeRepository, sha } = await aTenant(github, 'grace')
    await using copy = await createWorkingCopy(github.pushUrl(repository))
    await copy.git('pull', '--quiet', 'origin', 'main')
    const pushed = async (...args: string[]) => {
      const before = received.length
      await copy.git('push', '--quiet', 'origin', ...args)
      await github.settled()
      expect(received.length).toBe(before + 1)
      return received.at(-1)?.events[0]
    }
    const second = await copy.commit({ 'a.txt': '1' }, 'Say it\n\nin full')
    const common = { kind: 'push', repository: forgeRepository, ref: 'refs/heads/main', pusher: 'grace' }
    expect(await pushed('main')).toEqual({ ...common, before: sha, after: second, isForced: false, message: 'Say it' })

    await copy.git('reset', '--quiet', '--hard', sha)
    const third = await copy.commit({ 'b.txt': '2' })
    expect(await pushed('--force', 'main')).toMatchObject({ before: second, after: third, isForced: true })

    await copy.git('tag', 'v1')
    expect(await pushed('v1')).toMatchObject({ ref: 'refs/tags/v1', after: third, before: '0'.repeat(40) })

    expect(await pushed('main:side')).toMatchObject({ ref: 'refs/heads/side', before: '0'.repeat(40), after: third })
    const deleted = await pushed('--delete', 'side')
    expect(deleted).toMatchObject({ ref: 'refs/heads/side', before: third })
    expect(deleted).not.toHaveProperty('after')
  })

  it('tell of a repository that is renamed, made public, deleted, under the same id', async () => {
    const { github, received } = under
    const { repository } = await aTenant(github, 'edsger')
    const id = String(repository.id)
    await github.renameRepository(repository, 'goodbye')
    expect(received.at(-1)?.events).toMatchObject([{ kind: 'repository-renamed', repository: { id, name: 'goodbye' } }])
    await github.setPrivate(repository, false)
    expect(received.at(-1)?.events).toMatchObject([{ kind: 'repository-edited', repository: { id, isPrivate: false } }])
    await github.deleteRepository(repository)
    expect(received.at(-1)?.events).toMatchObject([{ kind: 'repository-deleted', repository: { id, owner: 'edsger' } }])
  })

  it('tell of repositories taken into an installation and out of it', async () => {
    const { github, received } = under
    const { account, installation, repository } = await aTenant(github, 'barbara', {
      installation: { repositories: [] },
    })
    const other = await github.createRepository({ owner: account, name: 'other' })
    await github.selectRepositories(installation, { add: [repository, other] })
    expect(received.at(-1)?.events).toMatchObject([
      { kind: 'repositories-changed', added: [{ name: 'hello' }, { name: 'other' }], removed: [] },
    ])
    await github.selectRepositories(installation, { remove: [other] })
    expect(received.at(-1)?.events).toMatchObject([
      { kind: 'repositories-changed', added: [], removed: [{ id: String(other.id), name: 'other' }] },
    ])
  })

  it('keep their id when they are sent again, and may come twice and in any order', async () => {
    const { github, received } = under
    github.webhooks.hold()
    await github.ping()
    await github.ping()
    const [first, second] = github.webhooks.deliveries.slice(-2)
    await github.webhooks.release((held) => held.toReversed())
    expect(received.slice(-2).map(({ id }) => id)).toEqual([second?.guid, first?.guid])
    expect(received.at(-1)?.events).toEqual([{ kind: 'ping' }])
    await github.webhooks.duplicate(first?.guid ?? '', 3)
    expect(received.slice(-3).map(({ id }) => id)).toEqual([first?.guid, first?.guid, first?.guid])
    expect(first?.attempts.map(({ status }) => status)).toEqual([202, 202, 202, 202])
  })
})
