import type { Forge, ForgeEvent } from '@pushfn/forge/forge'
import type { CommitStatus } from '@pushfn/model/deploy-status'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createWorkingCopy } from '../../support/github/working-copy.ts'
import { startAccountForgeUnderTest } from './matrix/account-forge-under-test.ts'
import { startBuiltinRow } from './matrix/builtin-row.ts'
import { type ForgeUnderTest, fetchStack, type Project } from './matrix/forge-under-test.ts'
import { startGithubRow } from './matrix/github-row.ts'

/**
 * What every forge must do, whatever it is called: the pipeline does not know which one it serves. What a forge has not is
 * said in `HAS_NOT`, with the reason.
 */
const START: Record<Forge['kind'], () => Promise<ForgeUnderTest>> = {
  github: startGithubRow,
  gitlab: () => startAccountForgeUnderTest('gitlab'),
  gitea: () => startAccountForgeUnderTest('gitea'),
  builtin: startBuiltinRow,
}

const BY_GIT = 'its pushes come in by Git itself, and the api of this cloud is the server'
const NO_API = 'nothing is asked of anybody: its statuses are the builds themselves'
const HAS_NOT: Partial<Record<Forge['kind'], Partial<Record<string, string>>>> = {
  gitea: { 'told of a new name': 'Gitea tells nobody; the next push does' },
  builtin: {
    push: BY_GIT,
    'pull request': 'it has none',
    rename: 'a repository is its name',
    'told of a new name': 'a repository is its name',
    delete: 'repositories go with their tenant',
    head: 'the cloud is the server',
    'not let in': 'the cloud is the server',
    'rate-limited': NO_API,
    down: NO_API,
    slow: NO_API,
  },
}

const aStatus = (state: CommitStatus['state'], context = 'stack-deploy'): CommitStatus => ({
  context,
  state,
  description: 'a word',
  targetUrl: 'http://console.test/builds/1',
})

describe.each(Object.keys(START) as Forge['kind'][])('%s', (kind) => {
  let under: ForgeUnderTest
  beforeAll(async () => {
    under = await START[kind]()
  })
  afterEach(() => under.heal?.())
  afterAll(() => under[Symbol.asyncDispose]())

  const cell = (situation: string, name: string, run: () => Promise<void>) => {
    const reason = HAS_NOT[kind]?.[situation]
    if (reason) it.skip(`${situation}: ${reason}`, () => undefined)
    else it(`${situation}: ${name}`, run)
  }
  const lastEvent = (): ForgeEvent | undefined => under.received.at(-1)?.events[0]
  const checkout = async (repository: Project['repository'], sha: string) =>
    fetchStack(await under.forge.checkoutSource(repository), sha)

  cell('push', 'tells which commit of which repository, under one id however often it comes', async () => {
    const project = await under.aProject()
    await using copy = await createWorkingCopy(project.pushUrl())
    await copy.git('pull', '--quiet', 'origin', 'main')
    const sha = await copy.commit({ 'a.txt': '1' }, 'Say it\n\nin full')
    await copy.git('push', '--quiet', 'origin', 'main')
    await project.settled()
    const event = { kind: 'push', ref: 'refs/heads/main', before: project.sha, after: sha, message: 'Say it' }
    expect(lastEvent()).toMatchObject({ ...event, repository: project.repository })
    const count = under.received.length
    await under.resend?.()
    expect(under.received.length).toBe(count + 1)
    expect(under.received.at(-1)?.id).toBe(under.received.at(-2)?.id)

    await copy.git('tag', 'v1')
    await copy.git('push', '--quiet', 'origin', 'v1')
    await project.settled()
    expect(lastEvent()).toMatchObject({ kind: 'push', ref: 'refs/tags/v1', after: sha })
    await copy.git('push', '--quiet', 'origin', 'main:topic')
    await copy.git('push', '--quiet', 'origin', '--delete', 'topic')
    await project.settled()
    expect(lastEvent()).toMatchObject({ kind: 'push', ref: 'refs/heads/topic' })
    expect(lastEvent()).not.toHaveProperty('after')
  })

  cell('status', 'is set on the commit, in the order of the calls', async () => {
    const { repository, sha } = await under.aProject()
    const states = ['pending', 'success', 'pending', 'failure'] as const
    await Promise.all(states.map((state) => under.forge.setStatus(repository, sha, aStatus(state))))
    await under.forge.setStatus(repository, sha, { ...aStatus('success', 'hello'), description: 'é'.repeat(2_000) })
    if (!under.statesOf) return
    expect(under.statesOf(sha, 'stack-deploy')).toEqual(states)
    expect(under.statesOf(sha, 'hello')).toEqual(['success'])
  })

  cell('status', 'may be set to what it is', async () => {
    const { repository, sha } = await under.aProject()
    for (const state of ['pending', 'pending', 'success', 'success'] as const) {
      await under.forge.setStatus(repository, sha, aStatus(state))
    }
    expect(under.statesOf?.(sha, 'stack-deploy').at(-1) ?? 'success').toBe('success')
  })

  cell('pull request', 'tells of its life, and whether strangers wrote it', async () => {
    const { pullRequests, repository } = await under.aProject()
    for (const isFork of [false, true]) {
      const { number, headSha } = (await pullRequests?.open(isFork)) ?? {}
      const facts = { kind: 'pull-request', number, headSha, headRef: 'topic', baseRef: 'main', isFork, repository }
      expect(lastEvent()).toMatchObject({ ...facts, action: 'opened' })
      for (const what of ['synchronised', 'closed', 'reopened'] as const) {
        await pullRequests?.change(Number(number), what)
        expect(lastEvent()).toMatchObject({ ...facts, action: what })
      }
      await pullRequests?.change(Number(number), 'retitled')
      expect(under.received.at(-1)).toMatchObject({ events: [], ignored: expect.any(String) })
    }
  })

  cell('pull request', 'has one comment of the cloud’s, kept up to date, and nobody else’s touched', async () => {
    const { pullRequests, repository } = await under.aProject()
    const { number = 0 } = (await pullRequests?.open(false)) ?? {}
    const write = (body: string) => under.forge.upsertComment?.(repository, number, { key: 'preview', body })
    // Anybody can copy the mark, and chatter enough to fill pages.
    pullRequests?.comment(number, '<!-- pushfn:preview -->\nmine')
    for (let n = 0; n < 120; n++) pullRequests?.comment(number, `chatter ${n}`)
    await Promise.all([write('| hello | building |'), write('| hello | live |')])
    await write('| hello | live |')
    const comments = pullRequests?.comments(number) ?? []
    expect(comments[0]).toBe('<!-- pushfn:preview -->\nmine')
    expect(comments.slice(121)).toEqual([expect.stringMatching(/\| hello \| live \|$/)])
  })

  cell('rename', 'keeps the id, and leads no newcomer to what was another’s', async () => {
    const project = await under.aProject()
    await project.rename?.('store')
    await using copy = await createWorkingCopy(project.pushUrl())
    await copy.git('pull', '--quiet', 'origin', 'main')
    const sha = await copy.commit({ 'stack.yml': '# renamed\n' })
    await copy.git('push', '--quiet', 'origin', 'main')
    await project.settled()
    const event = lastEvent()
    expect(event).toMatchObject({ kind: 'push', repository: { id: project.repository.id, name: 'store' } })
    if (event?.kind === 'push') expect(await checkout(event.repository, sha)).toBe('# renamed\n')

    const lost = await under.aProject()
    await lost.loseName?.()
    // Either the forge finds it by its number, or it is not found at all.
    const source = await under.forge.checkoutSource(lost.repository).catch(() => undefined)
    const text = source && (await fetchStack(source, lost.sha).catch(() => undefined))
    expect([undefined, `# of ${lost.repository.owner}\n`]).toContain(text)
  })

  cell('told of a new name', 'says the name of today', async () => {
    const project = await under.aProject()
    await project.rename?.('store')
    const { id } = project.repository
    expect(lastEvent()).toMatchObject({ kind: 'repository-renamed', repository: { id, name: 'store' } })
  })

  cell('delete', 'tells of it, and the checkout says plainly that it is gone', async () => {
    const { repository, sha, remove } = await under.aProject()
    await remove?.()
    expect(lastEvent()).toMatchObject({ kind: 'repository-deleted', repository: { id: repository.id } })
    const failure = { isRetryable: false, hint: expect.any(String) }
    await expect(under.forge.checkoutSource(repository)).rejects.toMatchObject(failure)
    await expect(under.forge.setStatus(repository, sha, aStatus('success'))).rejects.toMatchObject(failure)
  })

  cell('head', 'is where the branch stands, nowhere without one, and no newcomer’s', async () => {
    const project = await under.aProject()
    const headOf = async (branch: string) => under.forge.headOf?.(project.repository, branch)
    expect(await headOf('main')).toMatchObject({ sha: project.sha, message: 'a change', author: expect.any(String) })
    expect(await headOf('nowhere')).toBeUndefined()
    await project.remove?.()
    // To GitHub a branch that is gone and a repository that is gone are one.
    const gone = await headOf('main').catch((error: unknown) => error)
    if (gone !== undefined) expect(gone).toMatchObject({ isRetryable: false })
    const lost = await under.aProject()
    await lost.loseName?.()
    const found = await under.forge.headOf?.(lost.repository, 'main').catch(() => undefined)
    expect([undefined, lost.sha]).toContain(found === 'unchanged' ? found : found?.sha)
  })

  cell('private', 'is fetched with a header, and with nothing else', async () => {
    const { repository, sha } = await under.aProject({ isPrivate: true })
    const source = await under.forge.checkoutSource(repository)
    expect(await fetchStack(source, sha)).toBe(`# of ${repository.owner}\n`)
    expect(new URL(source.url)).toMatchObject({ username: '', password: '', search: '' })
    await expect(fetchStack({ url: source.url }, sha)).rejects.toThrow()
  })

  cell('not let in', 'is said plainly, and not tried again', async () => {
    const { repository, sha } = await under.aProject({ isPrivate: true, isOpenToCloud: false })
    const failure = { isRetryable: false, hint: expect.any(String) }
    await expect(under.forge.checkoutSource(repository)).rejects.toMatchObject(failure)
    await expect(under.forge.setStatus(repository, sha, aStatus('success'))).rejects.toMatchObject(failure)
  })

  cell('rate-limited', 'waits when it is bearable, and says “later” when not', async () => {
    const { repository, sha } = await under.aProject()
    under.fail?.({ kind: 'too-many', retryAfterSeconds: 1 }, 1)
    await under.forge.setStatus(repository, sha, aStatus('pending'))
    expect(under.statesOf?.(sha, 'stack-deploy')).toEqual(['pending'])
    under.fail?.({ kind: 'too-many', retryAfterSeconds: 3_600 }, 5)
    await expect(under.forge.setStatus(repository, sha, aStatus('success'))).rejects.toMatchObject({
      code: 'FORGE_FAILED',
      isRetryable: true,
    })
    expect(under.statesOf?.(sha, 'stack-deploy')).toEqual(['pending'])
  })

  cell('down', 'is tried again, then later, and what waited keeps its order', async () => {
    const { repository, sha } = await under.aProject()
    for (const fault of [{ kind: 'status', status: 500 }, { kind: 'reset' }] as const) {
      under.fail?.(fault, 1)
      await under.forge.setStatus(repository, sha, aStatus('pending', fault.kind))
      expect(under.statesOf?.(sha, fault.kind)).toEqual(['pending'])
    }
    under.fail?.({ kind: 'status', status: 503 }, 50)
    const failure = { code: 'FORGE_FAILED', isRetryable: true }
    await expect(under.forge.setStatus(repository, sha, aStatus('pending'))).rejects.toMatchObject(failure)
    under.heal?.()
    const states = ['pending', 'success'] as const
    under.fail?.({ kind: 'status', status: 502 }, 1)
    await Promise.all(states.map((state) => under.forge.setStatus(repository, sha, aStatus(state))))
    expect(under.statesOf?.(sha, 'stack-deploy')).toEqual(states)
  })

  cell('slow', 'is waited for, but not without an end, and an impatient caller is let go', async () => {
    const { repository, sha } = await under.aProject()
    under.fail?.({ kind: 'slow', ms: 200 }, 2)
    await under.forge.setStatus(repository, sha, aStatus('pending'))
    expect(under.statesOf?.(sha, 'stack-deploy')).toEqual(['pending'])
    under.heal?.()
    under.fail?.({ kind: 'hang' }, 50)
    const failure = { code: 'FORGE_FAILED', isRetryable: true }
    await expect(under.forge.setStatus(repository, sha, aStatus('success'))).rejects.toMatchObject(failure)
    const stop = new AbortController()
    const waiting = under.forge.setStatus(repository, sha, aStatus('success'), stop.signal)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})
