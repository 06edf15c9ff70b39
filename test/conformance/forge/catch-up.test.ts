import type { ForgeRepository } from '@pushfn/forge/forge'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createWorkingCopy } from '../../support/github/working-copy.ts'
import { aTenant, callsOf, type GithubUnderTest, startGithubUnderTest } from './github-under-test.ts'

/** What a cloud asks for that may have missed something. */
let under: GithubUnderTest
beforeAll(async () => {
  under = await startGithubUnderTest()
})
afterEach(() => under.github.heal())
afterAll(() => under[Symbol.asyncDispose]())

const headOf = (repository: ForgeRepository, branch: string, etag?: string) => {
  if (!under.forge.headOf) throw new Error('the driver cannot look at branches')
  return under.forge.headOf(repository, branch, { etag })
}

describe('the head of a branch', () => {
  it('is told with its commit’s first line, and once more only when it has moved', async () => {
    const { forgeRepository, repository, sha } = await aTenant(under.github, 'ada')
    const first = await headOf(forgeRepository, 'main')
    expect(first).toEqual({ sha, message: 'a change', author: expect.stringMatching(/./), etag: expect.any(String) })
    const etag = Object(first).etag
    expect(await headOf(forgeRepository, 'main', etag)).toBe('unchanged')
    await using copy = await createWorkingCopy(under.github.pushUrl(repository))
    await copy.git('pull', '--quiet', 'origin', 'main')
    const second = await copy.commit({ 'a.txt': 'a' }, '\n  Say it\n\nin full')
    await copy.git('push', '--quiet', 'origin', 'main', 'main:topic/one')
    expect(await headOf(forgeRepository, 'main', etag)).toMatchObject({ sha: second, message: 'Say it' })
    expect(await headOf(forgeRepository, 'topic/one')).toMatchObject({ sha: second })
    expect(await headOf(forgeRepository, 'topic')).toBeUndefined()
    expect(callsOf(under.github, 'apps/create-installation-access-token')).toHaveLength(1)
  })

  it('of a repository that was renamed is found under its old name, of a suspended account it is not', async () => {
    const { forgeRepository, repository, installation, sha } = await aTenant(under.github, 'grace')
    await under.github.renameRepository(repository, 'moved')
    expect(await headOf(forgeRepository, 'main')).toMatchObject({ sha })
    await under.github.suspend(installation, true)
    await expect(headOf(forgeRepository, 'main')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it.each([
    ['limits', { kind: 'primary-limit', resetInSeconds: 600 }],
    ['hangs', { kind: 'hang' }],
    ['breaks', { kind: 'status', status: 502 }],
  ] as const)('may be asked for again later when GitHub %s', async (_what, fault) => {
    const { forgeRepository } = await aTenant(under.github, `joan-${fault.kind}`)
    under.github.fail('repos/get-branch', fault, 20)
    await expect(headOf(forgeRepository, 'main')).rejects.toMatchObject({ code: 'FORGE_FAILED' })
  })
})

describe('deliveries that nobody took', () => {
  const failedSince = async (since: Date) => (await under.forge.webhooks?.failedSince?.(since)) ?? []

  it('are told in the order they were made, and no more once they were sent again and taken', async () => {
    const { github, forge } = under
    const since = new Date()
    const { url } = github.webhooks.settings
    github.webhooks.settings.url = 'http://127.0.0.1:1/'
    for (let n = 0; n < 3; n++) await github.ping()
    github.webhooks.settings.url = url
    await github.ping()
    const lost = github.webhooks.deliveries.slice(-4, -1).map((delivery) => delivery.guid)
    const failed = await failedSince(since)
    expect(failed.map(({ id }) => id)).toEqual(lost)

    const [first] = failed
    if (!first) throw new Error('nothing failed')
    await forge.webhooks?.redeliver?.(first)
    await github.settled()
    expect(under.received.at(-1)).toMatchObject({ id: lost[0], event: 'ping' })
    expect((await failedSince(since)).map(({ id }) => id)).toEqual(lost.slice(1))
    expect(await failedSince(new Date(Date.now() + 1_000))).toEqual([])
  })

  it('are found behind a hundred others, and left alone when they were sent four times in vain', async () => {
    const { github } = under
    const since = new Date()
    const { url } = github.webhooks.settings
    github.webhooks.settings.url = 'http://127.0.0.1:1/'
    await github.ping()
    await github.ping()
    const [stubborn = '', lost = ''] = github.webhooks.deliveries.slice(-2).map((delivery) => delivery.guid)
    await github.webhooks.duplicate(stubborn, 3)
    github.webhooks.settings.url = url
    for (let n = 0; n < 120; n++) await github.ping()
    expect((await failedSince(since)).map(({ id }) => id)).toEqual([lost])
  })
})
