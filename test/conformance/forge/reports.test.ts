import type { Check, Deployment } from '@pushfn/forge/forge'
import type { CommitStatus } from '@pushfn/model/deploy-status'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Fault } from '../../support/github/faults.ts'
import { aTenant, callsOf, type GithubUnderTest, startGithubUnderTest } from './github-under-test.ts'

let under: GithubUnderTest
let tenant: Awaited<ReturnType<typeof aTenant>>

beforeAll(async () => {
  under = await startGithubUnderTest()
  tenant = await aTenant(under.github, 'ada')
})
afterEach(() => under.github.heal())
afterAll(async () => {
  expect(under.github.limitViolations()).toBe(0)
  await under[Symbol.asyncDispose]()
})

const STATUS = 'repos/create-commit-status'
const CREATE = 'checks/create'

const aStatus = (over: Partial<CommitStatus> = {}): CommitStatus => ({
  context: 'stack-deploy',
  state: 'pending',
  description: 'building',
  targetUrl: 'http://console.test/builds/1',
  ...over,
})

const aCheck = (over: Partial<Check> = {}): Check => ({
  name: 'stack-deploy',
  mayExist: false,
  externalId: crypto.randomUUID(),
  title: 'building',
  summary: 'one function',
  log: 'a line',
  state: 'in_progress',
  detailsUrl: 'http://console.test/builds/1',
  faults: [],
  ...over,
})

const aDeployment = (over: Partial<Deployment> = {}): Deployment => ({
  mayExist: false,
  externalId: crypto.randomUUID(),
  environment: 'production',
  isProduction: true,
  state: 'in_progress',
  description: 'deploying',
  logUrl: 'http://console.test/builds/1',
  ...over,
})

/** A tenant of its own per test, so that statuses are told apart. */
const fresh = (options?: Parameters<typeof aTenant>[2]) =>
  aTenant(under.github, `fresh-${crypto.randomUUID().slice(0, 8)}`, options)

const FAULTS: [string, Fault][] = [
  ['500', { kind: 'status', status: 500 }],
  ['502', { kind: 'status', status: 502 }],
  ['a broken connection', { kind: 'reset' }],
  ['a time-out', { kind: 'hang' }],
  ['a secondary limit (403 with Retry-After)', { kind: 'secondary-limit', retryAfterSeconds: 1 }],
  ['a bare 429 with Retry-After', { kind: 'too-many', retryAfterSeconds: 1 }],
  ['a primary limit that ends soon', { kind: 'primary-limit', resetInSeconds: 0 }],
]

describe('a commit status', () => {
  it('arrives as it was said, per function and for the stack', async () => {
    const { forgeRepository, sha } = await fresh()
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    await under.forge.setStatus(
      forgeRepository,
      sha,
      aStatus({ context: 'hello', state: 'success', description: 'live' }),
    )
    expect(under.github.statusesOf(sha)).toMatchObject([
      { context: 'stack-deploy', state: 'pending', targetUrl: 'http://console.test/builds/1' },
      { context: 'hello', state: 'success', description: 'live' },
    ])
  })

  it('is cut to what GitHub takes: one line of 140 characters', async () => {
    const { forgeRepository, sha } = await fresh()
    await under.forge.setStatus(forgeRepository, sha, aStatus({ description: `a\nb ${'🚀'.repeat(200)}` }))
    const { description } = under.github.statusesOf(sha)[0] ?? {}
    expect([...(description ?? '')]).toHaveLength(140)
    expect(description).toMatch(/^a b 🚀+…$/u)
  })

  it('keeps its order when many are set at once and the first has to wait', async () => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail(STATUS, { kind: 'status', status: 500 }, 1)
    under.github.fail(STATUS, { kind: 'slow', ms: 100 }, 1)
    const states = ['pending', 'pending', 'failure', 'pending', 'success'] as const
    await Promise.all(states.map((state) => under.forge.setStatus(forgeRepository, sha, aStatus({ state }))))
    expect(under.github.statusesOf(sha).map(({ state }) => state)).toEqual(states)
  })

  it.each(FAULTS)('survives %s once', async (_what, fault) => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail(STATUS, fault, 1)
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    expect(under.github.statusesOf(sha)).toHaveLength(1)
  })

  it.each(FAULTS)('gives up after a few tries of %s, as FORGE_FAILED', async (_what, fault) => {
    const { forgeRepository, sha } = await fresh()
    const before = callsOf(under.github, STATUS).length
    under.github.fail(STATUS, fault, 50)
    await expect(under.forge.setStatus(forgeRepository, sha, aStatus())).rejects.toMatchObject({
      code: 'FORGE_FAILED',
      isRetryable: true,
    })
    const tries = callsOf(under.github, STATUS).length - before
    expect(tries).toBeGreaterThan(1)
    expect(tries).toBeLessThanOrEqual(4)
  })

  it('waits as long as Retry-After says, not less', async () => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail(STATUS, { kind: 'too-many', retryAfterSeconds: 2 }, 1)
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    const [refused, accepted] = callsOf(under.github, STATUS).slice(-2)
    expect((accepted?.at.getTime() ?? 0) - (refused?.at.getTime() ?? 0)).toBeGreaterThanOrEqual(2_000)
  })

  it('does not wait for an hour when GitHub asks for one', async () => {
    const { forgeRepository, sha } = await fresh()
    const before = callsOf(under.github, STATUS).length
    under.github.fail(STATUS, { kind: 'primary-limit', resetInSeconds: 3_600 }, 1)
    const failure = under.forge.setStatus(forgeRepository, sha, aStatus())
    await expect(failure).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    expect(callsOf(under.github, STATUS).length - before).toBe(1)
    // Nor is it asked meanwhile, of whatever; others of other installations are heard.
    const calls = under.github.calls.length
    await expect(under.forge.setCheck?.(forgeRepository, sha, aCheck())).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    expect(under.github.calls.length).toBe(calls)
    await under.forge.setStatus(tenant.forgeRepository, tenant.sha, aStatus({ context: 'other' }))
  })

  it('takes no answer that is not GitHub’s for a token', async () => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail('apps/create-installation-access-token', { kind: 'stall' }, 50)
    await expect(under.forge.setStatus(forgeRepository, sha, aStatus())).rejects.toMatchObject({ code: 'FORGE_FAILED' })
  })

  it('ends at once when the caller has enough, with the caller’s reason', async () => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail(STATUS, { kind: 'hang' }, 50)
    const stop = new AbortController()
    const setting = under.forge.setStatus(forgeRepository, sha, aStatus(), stop.signal)
    stop.abort(new Error('the process stops'))
    await expect(setting).rejects.toThrow('the process stops')
  })

  it('replaces a token that GitHub refuses before its time', async () => {
    const { forgeRepository, sha } = await fresh()
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    under.github.revokeTokens()
    await under.forge.setStatus(forgeRepository, sha, aStatus({ state: 'success' }))
    expect(under.github.statusesOf(sha).map(({ state }) => state)).toEqual(['pending', 'success'])
  })

  it('follows a repository that was renamed, and never lands with a newcomer of the same name', async () => {
    const { account, repository, forgeRepository, sha } = await fresh()
    await under.github.renameRepository(repository, 'renamed')
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    expect(under.github.statusesOf(sha)).toMatchObject([{ repositoryId: repository.id }])
    const newcomer = await under.github.createRepository({ owner: account, name: 'hello' })
    await expect(under.forge.setStatus(forgeRepository, sha, aStatus())).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(under.github.statusesOf(sha).filter(({ repositoryId }) => repositoryId === newcomer.id)).toEqual([])
  })

  it.each([
    ['the repository is deleted', 'FORBIDDEN', (t: Tenant) => under.github.deleteRepository(t.repository)],
    ['the commit is not there', 'BAD_REQUEST', (t: Tenant) => Object.assign(t, { sha: 'c'.repeat(40) })],
  ])('is refused for good when %s', async (_what, code, happen) => {
    const gone = await fresh()
    await happen(gone)
    const setting = under.forge.setStatus(gone.forgeRepository, gone.sha, aStatus())
    await expect(setting).rejects.toMatchObject({ code, isRetryable: false })
  })

  it('does not hold up another tenant’s while one’s hang', async () => {
    const [slow, quick] = [await fresh(), await fresh()]
    under.github.fail(STATUS, { kind: 'hang' }, 10)
    const hanging = Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        under.forge.setStatus(slow.forgeRepository, slow.sha, aStatus({ context: `function-${index}` })),
      ),
    )
    await expect.poll(() => callsOf(under.github, STATUS).filter(({ status }) => !status).length).toBeGreaterThan(9)
    await under.forge.setStatus(quick.forgeRepository, quick.sha, aStatus())
    expect(under.github.statusesOf(quick.sha)).toHaveLength(1)
    await hanging
  })
})

describe('a check run', () => {
  it('costs one call each time, and is looked for only where there may be one', async () => {
    const { forgeRepository, sha } = await fresh()
    const calls = () =>
      under.github.calls.flatMap(({ operation }) => (operation?.startsWith('checks/') ? [operation] : []))
    const before = calls().length
    const check = aCheck()
    const id = await under.forge.setCheck?.(forgeRepository, sha, check)
    await under.forge.setCheck?.(forgeRepository, sha, { ...check, ...(id && { id }), state: 'success' })
    expect(calls().slice(before)).toEqual([CREATE, 'checks/update'])
  })

  it('is one per name, of the stack and of each function', async () => {
    const { forgeRepository, sha } = await fresh()
    const stack = aCheck({ mayExist: true })
    await under.forge.setCheck?.(forgeRepository, sha, stack)
    await under.forge.setCheck?.(forgeRepository, sha, { ...stack, name: 'hello' })
    await under.forge.setCheck?.(forgeRepository, sha, { ...stack, name: 'hello', state: 'success' })
    expect(under.github.checksOf(sha).map(({ fields }) => [fields.name, fields.status])).toEqual([
      ['stack-deploy', 'in_progress'],
      ['hello', 'completed'],
    ])
  })

  it('is one from the first call to the last, and ends with its faults', async () => {
    const { forgeRepository, sha } = await fresh()
    const check = aCheck({ state: 'queued' })
    const id = await under.forge.setCheck?.(forgeRepository, sha, check)
    expect(id).toMatch(/^\d+$/)
    const faults = [{ message: 'no such template', place: { file: 'stack.yml', line: 4, column: 5 } }]
    const ended = { ...check, ...(id && { id }), state: 'failure', title: 'failed', faults } as const
    expect(await under.forge.setCheck?.(forgeRepository, sha, ended)).toBe(id)
    expect(under.github.checksOf(sha)).toMatchObject([
      {
        fields: { name: 'stack-deploy', status: 'completed', conclusion: 'failure', external_id: check.externalId },
        annotations: [{ path: 'stack.yml', start_line: 4, message: 'no such template' }],
      },
    ])
  })

  it.each(['queued', 'in_progress', 'success', 'failure', 'neutral', 'cancelled'] as const)(
    'may begin as %s, with the longest of logs',
    async (state) => {
      const { forgeRepository, sha } = await fresh()
      const check = aCheck({ state, log: 'ä'.repeat(300_000), summary: 's'.repeat(300_000), title: '' })
      expect(await under.forge.setCheck?.(forgeRepository, sha, check)).toBeTruthy()
    },
  )

  it.each([
    ['the answer gets lost', { kind: 'lost-answer' }],
    ['the connection breaks', { kind: 'reset' }],
    ['GitHub answers 500', { kind: 'status', status: 500 }],
    ['GitHub limits', { kind: 'secondary-limit', retryAfterSeconds: 1 }],
  ] satisfies [string, Fault][])('is still one when %s while it is made', async (_what, fault) => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail(CREATE, fault, 1)
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeTruthy()
    expect(under.github.checksOf(sha)).toHaveLength(1)
  })

  it('is still one when the process that made it died before it could keep the id', async () => {
    const { forgeRepository, sha } = await fresh()
    const check = aCheck()
    const id = await under.forge.setCheck?.(forgeRepository, sha, check)
    expect(await under.anotherDriver().setCheck?.(forgeRepository, sha, { ...check, mayExist: true })).toBe(id)
    expect(under.github.checksOf(sha)).toHaveLength(1)
  })

  it('is left out where the App may not write checks, and GitHub is not asked again', async () => {
    const permissions = { contents: 'read', metadata: 'read', statuses: 'write' } as const
    const { forgeRepository, sha } = await fresh({ installation: { permissions } })
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeUndefined()
    const before = under.github.calls.length
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeUndefined()
    expect(under.github.calls.length).toBe(before)
    await under.forge.setStatus(forgeRepository, sha, aStatus())
    expect(under.github.statusesOf(sha)).toHaveLength(1)
  })

  it('is left out for that installation alone', async () => {
    const { forgeRepository, sha } = tenant
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeTruthy()
  })

  it('fails as FORGE_FAILED while GitHub is down, and is not taken for refused', async () => {
    const { forgeRepository, sha } = await fresh()
    under.github.fail('*', { kind: 'status', status: 503 }, 50)
    await expect(under.forge.setCheck?.(forgeRepository, sha, aCheck())).rejects.toMatchObject({ code: 'FORGE_FAILED' })
    under.github.heal()
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeTruthy()
  })
})

describe('a deployment', () => {
  const statesOf = (sha: string) =>
    under.github.deploymentsOf(sha).map(({ statuses }) => statuses.map(({ state }) => state))
  const callsSince = (before: number) =>
    under.github.calls.slice(before).flatMap(({ operation }) => (operation?.startsWith('repos/') ? [operation] : []))

  it('is recorded by one call, and each of its states by one more', async () => {
    const { forgeRepository, sha } = await fresh()
    const before = under.github.calls.length
    const deployment = aDeployment()
    const id = await under.forge.setDeployment?.(forgeRepository, sha, deployment)
    const live = { state: 'success', environmentUrl: 'http://ada.fn.test/hello', description: 'x'.repeat(200) } as const
    expect(await under.forge.setDeployment?.(forgeRepository, sha, { ...deployment, ...(id && { id }), ...live })).toBe(
      id,
    )
    expect(callsSince(before)).toEqual([
      'repos/create-deployment',
      'repos/create-deployment-status',
      'repos/create-deployment-status',
    ])
    expect(under.github.deploymentsOf(sha)).toMatchObject([
      {
        environment: 'production',
        statuses: [
          { state: 'in_progress', fields: { log_url: deployment.logUrl } },
          { state: 'success', fields: { environment_url: live.environmentUrl } },
        ],
      },
    ])
  })

  const OPERATIONS = ['repos/create-deployment', 'repos/create-deployment-status']
  const LOST: Fault[] = [
    { kind: 'lost-answer' },
    { kind: 'reset' },
    { kind: 'status', status: 500 },
    { kind: 'too-many', retryAfterSeconds: 1 },
  ]
  it.each(OPERATIONS.flatMap((operation) => LOST.map((fault) => [operation, fault.kind, fault] as const)))(
    'and its state are recorded once when %s ends with %s',
    async (operation, _kind, fault) => {
      const { forgeRepository, sha } = await fresh()
      under.github.fail(operation, fault, 1)
      expect(await under.forge.setDeployment?.(forgeRepository, sha, aDeployment())).toBeTruthy()
      expect(statesOf(sha)).toEqual([['in_progress']])
    },
  )

  it('is still one when the process that recorded it died before it could keep the id', async () => {
    const { forgeRepository, sha } = await fresh()
    const deployment = aDeployment()
    const id = await under.forge.setDeployment?.(forgeRepository, sha, deployment)
    const again = { ...deployment, mayExist: true }
    expect(await under.anotherDriver().setDeployment?.(forgeRepository, sha, again)).toBe(id)
    expect(statesOf(sha)).toEqual([['in_progress']])
  })

  it('is left out where the App may not write deployments, and GitHub is not asked again', async () => {
    const permissions = { contents: 'read', metadata: 'read', statuses: 'write', checks: 'write' } as const
    const { forgeRepository, sha } = await fresh({ installation: { permissions } })
    expect(await under.forge.setDeployment?.(forgeRepository, sha, aDeployment())).toBeUndefined()
    const before = under.github.calls.length
    expect(await under.forge.setDeployment?.(forgeRepository, sha, aDeployment())).toBeUndefined()
    expect(under.github.calls.length).toBe(before)
    expect(await under.forge.setCheck?.(forgeRepository, sha, aCheck())).toBeTruthy()
  })
})

describe('many reports at once', () => {
  it('stay within GitHub’s limits and mint one token', async () => {
    const { forgeRepository, sha } = await fresh()
    const minted = () => callsOf(under.github, 'apps/create-installation-access-token').length
    const before = minted()
    const statuses = Array.from({ length: 20 }, (_, index) => aStatus({ context: `function-${index}` }))
    await Promise.all(statuses.map((status) => under.forge.setStatus(forgeRepository, sha, status)))
    expect(under.github.statusesOf(sha)).toHaveLength(20)
    expect(minted() - before).toBe(1)
  })
})

type Tenant = Awaited<ReturnType<typeof aTenant>>
