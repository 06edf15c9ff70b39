import { createServer } from 'node:http'
import { inspect } from 'node:util'
import type { Deployment } from '@pushfn/forge/forge'
import { DEFAULT_PATIENCE } from '@pushfn/forge/patience'
import { ANYTHING, createRestClient } from '@pushfn/forge/rest-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createWorkingCopy } from '../../support/github/working-copy.ts'
import { type AccountForgeUnderTest, startAccountForgeUnderTest } from './matrix/account-forge-under-test.ts'
import { QUICK } from './matrix/forge-under-test.ts'

/** What forges have in common that are spoken to by an account: its token sees much, and their hooks are entered by hand. */
describe.each(['gitlab', 'gitea'] as const)('%s', (kind) => {
  let under: AccountForgeUnderTest
  beforeAll(async () => {
    under = await startAccountForgeUnderTest(kind)
  })
  afterEach(() => under.heal?.())
  afterAll(() => under[Symbol.asyncDispose]())
  const status = { context: 'stack-deploy', state: 'pending', description: '' } as const

  it('takes the clone’s URL from the configuration, and a private repository of another account for nobody’s', async () => {
    const { repository } = await under.aProject()
    const { url } = await under.forge.checkoutSource({ ...repository, owner: '../evil.test', name: 'x@evil.test?' })
    expect(url).toBe(`${under.server.url}/${repository.owner}/shop.git`)
    // It was transferred, and nobody told us: the former tenant's next build must not read it.
    const former = { ...repository, ownerId: '1' }
    await expect(under.forge.checkoutSource(former)).rejects.toMatchObject({ code: 'NOT_FOUND', isRetryable: false })
  })

  it('shows the token in nothing that it throws', async () => {
    const { repository, sha } = await under.aProject()
    const failures: unknown[] = []
    for (const fault of [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 401 },
      { kind: 'status', status: 422 },
      { kind: 'reset' },
      { kind: 'hang' },
      { kind: 'stall' },
    ] as const) {
      under.fail?.(fault, 20)
      failures.push(await under.forge.setStatus(repository, sha, status).catch((error: unknown) => error))
      failures.push(await under.forge.checkoutSource(repository).catch((error: unknown) => error))
      under.heal?.()
    }
    const { token } = under.server
    const secrets = [token, Buffer.from(`oauth2:${token}`).toString('base64')]
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: expect.stringMatching(/^(FORGE_FAILED|BAD_REQUEST)$/) })
      const shown = inspect(failure, { depth: 20, showHidden: true, maxStringLength: null })
      for (const secret of secrets) expect(shown).not.toContain(secret)
    }
  })

  it('makes one comment though the answer to the first try got lost', async () => {
    const { repository, pullRequests } = await under.aProject()
    const { number = 0 } = (await pullRequests?.open(false)) ?? {}
    const write = () => under.forge.upsertComment?.(repository, number, { key: 'preview', body: 'here' })
    under.server.fail(kind === 'gitlab' ? 'notes/create' : 'issueCreateComment', { kind: 'lost-answer' })
    await expect(write()).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    await write()
    expect(pullRequests?.comments(number)).toHaveLength(1)
  })

  it('takes a push while its API is away, when the hook says whose it is, or has it sent again', async () => {
    const project = await under.aProject()
    await using copy = await createWorkingCopy(project.pushUrl())
    await copy.git('pull', '--quiet', 'origin', 'main')
    const sha = await copy.commit({ 'a.txt': '1' })
    const api = kind === 'gitlab' ? 'projects/get' : 'repoGetByID'
    under.server.fail(api, { kind: 'status', status: 503 }, 50)
    await copy.git('push', '--quiet', 'origin', 'main')
    await project.settled()
    const delivery = under.server.webhooks.deliveries.at(-1)
    expect(delivery?.attempts.at(-1)?.status).toBe(kind === 'gitlab' ? 502 : 202)
    under.heal?.()
    if (delivery) await under.server.webhooks.resend(delivery)
    expect(delivery?.attempts.at(-1)?.status).toBe(202)
    expect(under.received.at(-1)?.events).toMatchObject([{ kind: 'push', after: sha, repository: project.repository }])
  })
})

describe('gitlab', () => {
  it('tells of a project that another namespace got', async () => {
    await using under = await startAccountForgeUnderTest('gitlab')
    const owner = under.server.createAccount('ada')
    const heir = under.server.createAccount('grace')
    const repository = await under.server.createRepository({ owner, name: 'shop', isPrivate: true })
    await under.server.transferRepository(repository, heir)
    expect(under.received.at(-1)?.events).toMatchObject([
      { kind: 'repository-transferred', repository: { id: String(repository.id), ownerId: String(heir.id) } },
    ])
  })
})

describe('a deployment at GitLab', () => {
  const aDeployment = (over: Partial<Deployment> = {}): Deployment => ({
    mayExist: false,
    externalId: 'build-1',
    environment: 'production',
    isProduction: true,
    state: 'in_progress',
    description: 'deploying',
    logUrl: 'http://console.test/builds/1',
    ...over,
  })

  it('is one from its beginning to its end, and shows where it answers', async () => {
    await using under = await startAccountForgeUnderTest('gitlab')
    const { repository, sha } = await under.aProject()
    const set = (over: Partial<Deployment>) => under.forge.setDeployment?.(repository, sha, aDeployment(over))
    const id = await set({})
    expect(id).toMatch(/^\d+$/)
    const ended = { ...(id && { id }), state: 'success', environmentUrl: 'http://acme.fn.test/hello' } as const
    expect(await set(ended)).toBe(id)
    // Said twice it is as it was.
    expect(await set(ended)).toBe(id)
    expect(under.server.deploymentsOf(sha)).toMatchObject([
      { status: 'success', environment: { name: 'production', external_url: 'http://acme.fn.test/hello' } },
    ])
  })

  it('is one though the answer to the first call got lost', async () => {
    await using under = await startAccountForgeUnderTest('gitlab')
    const { repository, sha } = await under.aProject()
    const set = (over: Partial<Deployment>) => under.forge.setDeployment?.(repository, sha, aDeployment(over))
    under.server.fail('deployments/create', { kind: 'lost-answer' })
    await expect(set({})).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    expect(await set({ mayExist: true })).toMatch(/^\d+$/)
    expect(under.server.deploymentsOf(sha)).toHaveLength(1)
  })

  it('of a pull request has an environment of its own, which is stopped when it is closed', async () => {
    await using under = await startAccountForgeUnderTest('gitlab')
    const { repository, sha } = await under.aProject()
    const about = { environment: 'preview', isProduction: false, state: 'success' } as const
    const set = (over: Partial<Deployment>) =>
      under.forge.setDeployment?.(repository, sha, aDeployment({ ...about, ...over }))
    const url = 'http://pr-7-shop--acme.fn.test/hello'
    const id = await set({ instance: 'pr-7-shop', environmentUrl: url })
    await set({ instance: 'pr-8-shop', externalId: 'build-2' })
    const environments = () =>
      under.server
        .deploymentsOf(sha)
        .map(({ environment: { name, state, external_url } }) => [name, state, external_url])
    for (let n = 0; n < 2; n++) await set({ instance: 'pr-7-shop', ...(id && { id }), state: 'inactive' })
    expect(environments()).toEqual([
      ['preview/pr-7-shop', 'stopped', url],
      ['preview/pr-8-shop', 'available', null],
    ])
    const live = await under.forge.setDeployment?.(repository, sha, aDeployment({ state: 'success' }))
    await under.forge.setDeployment?.(repository, sha, aDeployment({ ...(live && { id: live }), state: 'inactive' }))
    expect(environments().at(-1)).toEqual(['production', 'available', null])
  })

  it('is left out where the account may record none', async () => {
    await using under = await startAccountForgeUnderTest('gitlab')
    const { repository, sha } = await under.aProject({ isPrivate: false, isOpenToCloud: false })
    expect(await under.forge.setDeployment?.(repository, sha, aDeployment())).toBeUndefined()
  })
})

describe('the client of such a forge', () => {
  const serve = async (answer: (path: string) => [number, Record<string, string>, string]) => {
    const asked: { path: string | undefined; token: string | undefined }[] = []
    const server = createServer((request, response) => {
      asked.push({ path: request.url, token: request.headers['private-token']?.toString() })
      const [code, headers, body] = answer(request.url ?? '')
      response.writeHead(code, headers).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    const patience = { ...DEFAULT_PATIENCE, ...QUICK }
    const rest = createRestClient({ forge: 'GitLab', apiUrl: url, headers: { 'private-token': 'hidden' }, patience })
    const close = async () => {
      await new Promise((resolve) => server.close(resolve))
    }
    return { rest, asked, url, [Symbol.asyncDispose]: close }
  }
  const call = { method: 'GET', path: '/x', doing: 'ask', signal: undefined } as const

  it('carries its token to nowhere else, whatever an answer says', async () => {
    await using elsewhere = await serve(() => [200, {}, '{}'])
    await using forge = await serve(() => [302, { location: `${elsewhere.url}/stolen` }, ''])
    await expect(forge.rest({ ...call, answer: ANYTHING })).rejects.toMatchObject({ isRetryable: false })
    expect(elsewhere.asked).toEqual([])
  })

  it('takes an answer of another shape for a fault of the forge', async () => {
    await using forge = await serve(() => [200, {}, '<html>sign in</html>'])
    const answer = z.object({ id: z.int() })
    await expect(forge.rest({ ...call, answer })).rejects.toMatchObject({ code: 'FORGE_FAILED' })
  })

  it('does not do twice what must be done once', async () => {
    await using forge = await serve(() => [500, {}, '{}'])
    const once = { ...call, method: 'POST', answer: ANYTHING, mayRepeat: false } as const
    await expect(forge.rest(once)).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    expect(forge.asked).toHaveLength(1)
    await expect(forge.rest({ ...call, answer: ANYTHING })).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    expect(forge.asked).toHaveLength(1 + 3)
  })

  it('waits until the limit is over when the forge says when that is', async () => {
    let limited = 1
    const reset = () => String(Math.floor(Date.now() / 1_000) + 1)
    await using forge = await serve(() =>
      limited-- > 0 ? [429, { 'ratelimit-reset': reset() }, '{}'] : [200, {}, '"done"'],
    )
    expect(await forge.rest({ ...call, answer: z.string() })).toBe('done')
    expect(forge.asked).toHaveLength(2)
  })
})
