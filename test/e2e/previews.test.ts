import { randomUUID } from 'node:crypto'
import { openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import type { Account, PullRequest, Repository } from '../support/github/world.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const says = (text: string) =>
  `module.exports = async (event, context) => context.status(200).succeed('${text} ' + (process.env.PLACE || 'nowhere'))\n`
const stack = (names: readonly string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n    environment:\n      PLACE: production\n`).join('')}`

interface Project extends AsyncDisposable {
  account: Account
  repository: Repository
  copy: WorkingCopy
  url: string
}

/** A tenant whose functions `one` and `two` are live. */
const aProject = async (): Promise<Project> => {
  const account = world.github.createAccount(`t${randomUUID().slice(0, 8)}`)
  const repository = await world.github.createRepository({ owner: account, name: 'shop' })
  await world.github.install(account)
  const copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': stack(['one', 'two']), 'one/handler.js': says('1'), 'two/handler.js': says('2') })
  const url = world.github.pushUrl(repository)
  const sha = await copy.commit()
  await copy.push(url)
  await world.github.waitForStatus(sha, 'stack-deploy', 'success')
  return { account, repository, copy, url, [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose]() }
}

const pushTo = async ({ copy }: Pick<Project, 'copy'>, url: string, branch: string, files: Record<string, string>) => {
  await copy.write(files)
  const sha = await copy.commit()
  const { code, output } = await copy.push(url, branch, '--force')
  if (code !== 0) throw new Error(output)
  return sha
}

const answerOf = async (host: string, name: string): Promise<string> => {
  const res = await localFetch(world.functionUrl(host, name))
  return res.status === 200 ? (await res.text()).trim() : String(res.status)
}
const hostOf = ({ number, repository }: PullRequest) =>
  `pr-${number}-${repository.name}--${repository.owner.login.toLowerCase()}`
const commentOf = (pullRequest: PullRequest): string =>
  world.github.commentsOf(pullRequest).find((one) => one.isOfApp)?.body ?? ''

describe('a pull request', () => {
  test('has what it changes beside what is live, under an address of its own, until it is closed', async () => {
    await using project = await aProject()
    const { account, repository, url } = project
    const tenant = account.login
    const api = `${world.consoleUrl}/api/v1/tenants/${tenant}/repositories/shop/settings`
    const settings = { previews: { environment: { PLACE: 'preview' } } }
    const headers = { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' }
    const put = await localFetch(api, { method: 'PUT', headers, body: JSON.stringify(settings) })
    expect(put.status).toBe(200)

    const first = await pushTo(project, url, 'topic', { 'one/handler.js': says('first') })
    const pullRequest = await world.github.openPullRequest({ into: repository, branch: 'topic' })
    await world.github.waitForStatus(first, 'preview/stack-deploy', 'success')
    await world.github.waitForStatus(first, 'preview/one', 'success')
    const host = hostOf(pullRequest)
    expect(await answerOf(host, 'one')).toBe('first preview')
    expect(await answerOf(tenant, 'one')).toBe('1 production')
    // What is as it is in production has no preview.
    expect(await answerOf(host, 'two')).toBe('404')
    const status = world.github.statusesOf(first).findLast((one) => one.context === 'preview/one')
    expect(status).toMatchObject({ state: 'success', targetUrl: world.functionUrl(host, 'one') })
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain(world.functionUrl(host, 'one'))
    expect(commentOf(pullRequest)).toContain(`\`${first.slice(0, 8)}\` is what runs there`)

    world.github.comment(pullRequest, '<!-- pushfn:previews -->\nnot yours')
    const second = await pushTo(project, url, 'topic', { 'one/handler.js': says('second') })
    await world.github.synchronize(pullRequest)
    await world.github.waitForStatus(second, 'preview/stack-deploy', 'success')
    expect(await answerOf(host, 'one')).toBe('second preview')
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain(second.slice(0, 8))
    expect(world.github.commentsOf(pullRequest).map((one) => one.isOfApp)).toEqual([true, false])

    const states = (sha: string) => world.github.deploymentsOf(sha).map(({ statuses }) => statuses.at(-1)?.state)
    await expect.poll(() => [first, second].flatMap(states), { timeout: 20_000 }).toEqual(['success', 'success'])
    await world.github.closePullRequest(pullRequest)
    await expect.poll(() => answerOf(host, 'one'), { timeout: 20_000 }).toBe('404')
    await expect.poll(() => [first, second].flatMap(states), { timeout: 20_000 }).toEqual(['inactive', 'inactive'])
    expect(await answerOf(tenant, 'one')).toBe('1 production')
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain('are gone')
    // A late word of it changes nothing.
    await world.github.synchronize(pullRequest)
    await world.github.settled()
    const db = openDatabase(world.databaseUrl, 1)
    const last = await db.delivery.findFirst({ where: { event: 'pull_request' }, orderBy: { receivedAt: 'desc' } })
    await db.$disconnect()
    expect(last).toMatchObject({ outcome: 'ignored', reason: 'pull request #1 is closed' })
  })

  test('that breaks says so on it, and what ran there runs on', async () => {
    await using project = await aProject()
    const { repository, url } = project
    const good = await pushTo(project, url, 'topic', { 'one/handler.js': says('good') })
    const pullRequest = await world.github.openPullRequest({ into: repository, branch: 'topic' })
    await world.github.waitForStatus(good, 'preview/stack-deploy', 'success')
    const bad = await pushTo(project, url, 'topic', { 'one/handler.js': 'module.exports = (' })
    await world.github.synchronize(pullRequest)
    await world.github.waitForStatus(bad, 'preview/stack-deploy', 'failure')
    expect(await answerOf(hostOf(pullRequest), 'one')).toBe('good production')
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain(`\`${bad.slice(0, 8)}\` failed`)
    expect(commentOf(pullRequest)).toContain('one/handler.js')
  })

  test('may have a function that is not live, which goes with it, whatever is deployed meanwhile', async () => {
    await using project = await aProject()
    const { account, repository, copy, url } = project
    const files = { 'stack.yml': stack(['one', 'two', 'three']), 'three/handler.js': says('3') }
    const sha = await pushTo(project, url, 'topic', files)
    const pullRequest = await world.github.openPullRequest({ into: repository, branch: 'topic' })
    await world.github.waitForStatus(sha, 'preview/stack-deploy', 'success')
    expect(await answerOf(hostOf(pullRequest), 'three')).toBe('3 production')
    expect(await answerOf(account.login, 'three')).toBe('404')

    await copy.git('checkout', '--quiet', '-B', 'main', 'HEAD~1')
    const main = await pushTo(project, url, 'main', { 'two/handler.js': says('two') })
    await world.github.waitForStatus(main, 'stack-deploy', 'success')
    expect(await answerOf(account.login, 'two')).toBe('two production')
    expect(await answerOf(hostOf(pullRequest), 'three')).toBe('3 production')
    await world.github.closePullRequest(pullRequest)
    await expect.poll(() => answerOf(hostOf(pullRequest), 'three'), { timeout: 20_000 }).toBe('404')
  })
})

describe('a pull request from a fork', () => {
  test('is not built until a member lets that commit run', async () => {
    await using project = await aProject()
    const { repository } = project
    const stranger = world.github.createAccount(`s${randomUUID().slice(0, 8)}`)
    const fork = await world.github.createRepository({ owner: stranger, name: 'shop' })
    const forkUrl = world.github.pushUrl(fork)
    const first = await pushTo(project, forkUrl, 'topic', { 'one/handler.js': says('forked') })
    const pullRequest = await world.github.openPullRequest({ into: repository, branch: 'topic', from: fork })
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain('comes from a fork')
    const db = openDatabase(world.databaseUrl, 1)
    const builds = () => db.build.count({ where: { push: { pullRequest: { number: pullRequest.number } } } })
    const ofFork = () => db.build.count({ where: { push: { sha: { in: [first] } } } })
    expect(await ofFork()).toBe(0)

    await world.github.labelPullRequest(pullRequest, 'bug')
    expect(await ofFork()).toBe(0)
    await world.github.labelPullRequest(pullRequest, 'preview')
    await world.github.waitForStatus(first, 'preview/stack-deploy', 'success')
    expect(await answerOf(hostOf(pullRequest), 'one')).toBe('forked production')

    const third = world.github.createAccount(`x${randomUUID().slice(0, 8)}`)
    const before = await builds()
    const second = await pushTo(project, forkUrl, 'topic', { 'one/handler.js': says('worse') })
    await world.github.synchronize(pullRequest)
    await expect.poll(() => commentOf(pullRequest), { timeout: 20_000 }).toContain(second.slice(0, 8))
    expect(commentOf(pullRequest)).toContain('comes from a fork')
    expect(await builds()).toBe(before)
    expect(await answerOf(hostOf(pullRequest), 'one')).toBe('forked production')
    // The check that waits on it has a button, which counts where the pull request is.
    const waiting = () => world.github.checksOf(second).find(({ fields }) => fields.conclusion === 'action_required')
    await expect.poll(() => waiting()?.fields.name, { timeout: 20_000 }).toBe('preview/stack-deploy')
    const check = waiting()
    if (!check) throw new Error('there is no check')
    const elsewhere = await world.github.createRepository({ owner: third, name: 'shop' })
    await world.github.install(third)
    await pushTo(project, world.github.pushUrl(elsewhere), 'main', {})
    await world.github.settled()
    const stolen = await world.github.pressButton(elsewhere, check, 'approve')
    expect(stolen.attempts.at(-1)?.body).toContain('nothing here is of that check')
    await world.github.pressButton(repository, check, 'approve')
    await world.github.waitForStatus(second, 'preview/stack-deploy', 'success')
    await expect.poll(() => answerOf(hostOf(pullRequest), 'one'), { timeout: 20_000 }).toBe('worse production')
    await db.$disconnect()
  })
})
