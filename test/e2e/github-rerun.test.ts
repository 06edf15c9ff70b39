import { openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import type { Delivery } from '../support/github/webhooks.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

/** “Re-run” on GitHub: what is built again, and what is not. */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`

const aProject = async (login: string) => {
  const account = world.github.createAccount(login)
  const repository = await world.github.createRepository({ owner: account, name: 'shop' })
  await world.github.install(account)
  const copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n' })
  const push = async (text: string) => {
    await copy.write({ 'hello/handler.js': handler(text) })
    const sha = await copy.commit()
    await copy.push(world.github.pushUrl(repository))
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await world.github.waitForStatus(sha, 'hello', 'success')
    return sha
  }
  const answer = async () => (await localFetch(world.functionUrl(login, 'hello'))).text()
  return { repository, copy, push, answer, [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose]() }
}

const buildsOf = async (sha: string) => {
  const db = openDatabase(world.databaseUrl, 1)
  const builds = await db.build.findMany({ where: { push: { sha } }, orderBy: { createdAt: 'asc' } })
  await db.$disconnect()
  return builds.map(({ state }) => state)
}

const outcomeOf = ({ attempts }: Delivery): { outcome: string; reason?: string } =>
  JSON.parse(attempts.at(-1)?.body ?? '{}')

const checksOf = (sha: string, name: string) => world.github.checksOf(sha).filter(({ fields }) => fields.name === name)

test('the newest commit is built again, once, whichever of its checks were asked for; others are other checks', async () => {
  await using project = await aProject('ada')
  const sha = await project.push('one')
  const checks = [...world.github.checksOf(sha)]
  const deliveries: Delivery[] = []
  for (const check of checks) deliveries.push(await world.github.rerequest(project.repository, check))
  expect(deliveries.map((delivery) => outcomeOf(delivery).outcome)).toEqual(['accepted', 'ignored'])
  await expect.poll(() => buildsOf(sha), { timeout: 60_000 }).toEqual(['live', 'live'])
  // Asked for once more when it is over: of the first build's check it has been done.
  for (const check of checks) deliveries.push(await world.github.rerequest(project.repository, check))
  await world.github.webhooks.redeliver(deliveries[0]?.guid ?? '')
  await expect
    .poll(() => checksOf(sha, 'hello').map(({ fields }) => fields.conclusion), { timeout: 20_000 })
    .toEqual(['success', 'success'])
  expect(await buildsOf(sha)).toEqual(['live', 'live'])

  await world.github.rerequest(project.repository, { sha })
  await expect.poll(() => buildsOf(sha), { timeout: 60_000 }).toEqual(['live', 'live', 'live'])
  expect(await project.answer()).toBe('one')
})

test('an older commit is not built again: its check says where the branch went, and nothing goes live', async () => {
  await using project = await aProject('grace')
  const older = await project.push('older')
  const newer = await project.push('newer')
  const [check] = checksOf(older, 'hello')
  if (!check) throw new Error('there is no check')
  const delivery = await world.github.rerequest(project.repository, check)
  expect(outcomeOf(delivery).reason).toBe(`not built again: main has moved on to ${newer.slice(0, 8)}`)
  await expect
    .poll(() => checksOf(older, 'stack-deploy').map(({ fields }) => fields.conclusion), { timeout: 20_000 })
    .toEqual(['success', 'neutral'])
  expect(await buildsOf(older)).toEqual(['live', 'skipped'])
  expect(await project.answer()).toBe('newer')
  // The branch is known to stand where it stood: its newest commit can still be built again.
  await world.github.rerequest(project.repository, { sha: newer })
  await expect.poll(() => buildsOf(newer), { timeout: 60_000 }).toEqual(['live', 'live'])
  expect(await project.answer()).toBe('newer')
})

test('a release moves live to the commit behind its tag; a push, a tag and a pre-release do not', async () => {
  await using project = await aProject('barbara')
  const { repository, copy } = project
  await project.push('one')
  const settings = `${world.consoleUrl}/api/v1/tenants/barbara/repositories/shop/settings`
  const headers = { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' }
  const put = await localFetch(settings, { method: 'PUT', headers, body: JSON.stringify({ promote: 'release v*' }) })
  expect(put.status).toBe(200)
  const sha = await project.push('two')
  expect(checksOf(sha, 'hello').map(({ fields }) => fields.output)).toMatchObject([
    { title: expect.stringContaining('built: a release “v*” moves live to') },
  ])
  expect(world.github.deploymentsOf(sha)).toEqual([])
  await copy.git('tag', '--annotate', '--message', 'the second', 'v2')
  await copy.git('push', '--quiet', world.github.pushUrl(repository), 'v2')
  await world.github.settled()
  await world.github.publishRelease(repository, 'v2', { isPrerelease: true })
  expect(await buildsOf(sha)).toEqual(['live'])
  expect(await project.answer()).toBe('one')

  expect(outcomeOf(await world.github.publishRelease(repository, 'other')).reason).toContain('does not fit “v*”')
  expect(outcomeOf(await world.github.publishRelease(repository, 'v9')).reason).toContain('there is no such tag')
  const release = await world.github.publishRelease(repository, 'v2')
  expect(outcomeOf(release).outcome).toBe('accepted')
  await expect.poll(project.answer, { timeout: 60_000 }).toBe('two')
  await expect.poll(() => world.github.deploymentsOf(sha).length, { timeout: 20_000 }).toBe(1)
  await world.github.webhooks.redeliver(release.guid)
  expect(outcomeOf(await world.github.publishRelease(repository, 'v2')).reason).toContain('stands at')
  expect(await buildsOf(sha)).toEqual(['live', 'live'])
})

const buttonsOf = (check: { fields: Record<string, unknown> } | undefined): string[] =>
  (Array.isArray(check?.fields.actions) ? check.fields.actions : []).map((action) => Object(action).identifier)

test('“Roll back” of a check goes to what was live before, once, says so, and reaches no other tenant’s', async () => {
  await using project = await aProject('edith')
  await using stranger = await aProject('frances')
  const { repository } = project
  const one = await project.push('one')
  await stranger.push('theirs')
  const two = await project.push('two')
  const deployedTwo = () => world.github.deploymentsOf(two)[0]?.statuses.at(-1)?.state
  await expect.poll(deployedTwo, { timeout: 20_000 }).toBe('success')
  const [check] = checksOf(two, 'hello')
  if (!check) throw new Error('there is no check')
  expect(buttonsOf(checksOf(one, 'hello')[0])).toEqual(['roll-back'])
  expect([buttonsOf(check), buttonsOf(checksOf(two, 'stack-deploy')[0])]).toEqual([['roll-back'], ['roll-back']])

  const stolen = await world.github.pressButton(stranger.repository, check, 'roll-back')
  expect(outcomeOf(stolen)).toEqual({ outcome: 'ignored', reason: 'nothing live is of that check' })
  const pressed = await world.github.pressButton(repository, check, 'roll-back')
  expect(outcomeOf(pressed).outcome).toBe('accepted')
  await expect.poll(project.answer, { timeout: 60_000 }).toBe('one')
  const again = await world.github.pressButton(repository, check, 'roll-back').catch(() => undefined)
  if (again) expect(outcomeOf(again).reason).toContain('is not what is live any more')
  await world.github.webhooks.redeliver(pressed.guid)
  await expect.poll(() => buttonsOf(checksOf(two, 'hello')[0]), { timeout: 20_000 }).toEqual([])
  expect(checksOf(two, 'hello')[0]?.fields.output).toMatchObject({
    title: `rolled back by edith to ${one.slice(0, 8)}`,
  })
  await expect.poll(deployedTwo, { timeout: 20_000 }).toBe('inactive')
  expect(world.github.deploymentsOf(one)[0]?.statuses.at(-1)?.state).toBe('success')
  expect([await project.answer(), await stranger.answer()]).toEqual(['one', 'theirs'])

  // The button of what is live no more, on the commit that is live again: there is nothing before it.
  const [older] = checksOf(one, 'stack-deploy')
  if (!older) throw new Error('there is no check')
  const nothing = await world.github.pressButton(repository, older, 'roll-back')
  expect(outcomeOf(nothing).reason).toBe(`nothing that is kept of “hello” was live before ${one.slice(0, 8)}`)
})

test('a deploy by hand is run again when its check is asked for', async () => {
  await using project = await aProject('hedy')
  const one = await project.push('one')
  const deploy = () =>
    localFetch(`${world.consoleUrl}/api/v1/tenants/hedy/repositories/shop/deploys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ref: 'main' }),
    })
  expect((await deploy()).status).toBe(202)
  await expect.poll(() => buildsOf(one), { timeout: 60_000 }).toEqual(['live', 'live'])
  await expect.poll(() => checksOf(one, 'hello').length, { timeout: 20_000 }).toBe(2)
  const byHand = checksOf(one, 'hello').at(-1)
  if (!byHand) throw new Error('there is no check')
  const asked = await world.github.rerequest(project.repository, byHand)
  expect(outcomeOf(asked).outcome).toBe('accepted')
  await expect.poll(() => buildsOf(one), { timeout: 60_000 }).toEqual(['live', 'live', 'live'])
  const twice = await world.github.rerequest(project.repository, byHand)
  expect(outcomeOf(twice).reason).toContain('already')
  const two = await project.push('two')
  const late = await world.github.rerequest(project.repository, byHand)
  expect(outcomeOf(late).reason).toBe(`not built again: main has moved on to ${two.slice(0, 8)}`)
  expect(await project.answer()).toBe('two')
})

test('what one tenant asks for reaches nothing of another’s, whatever build it names', async () => {
  await using mine = await aProject('joan')
  await using theirs = await aProject('alan')
  const [own, foreign] = [await mine.push('mine'), await theirs.push('theirs')]
  const [check] = checksOf(foreign, 'hello')
  if (!check) throw new Error('there is no check')
  // Another tenant's build and commit, in a webhook of one's own repository.
  const stolen = await world.github.rerequest(mine.repository, check)
  expect(outcomeOf(stolen)).toEqual({ outcome: 'ignored', reason: `nothing of ${foreign.slice(0, 8)} is built here` })
  // And another's build with a commit of one's own: the commit counts.
  await world.github.rerequest(mine.repository, { ...check, sha: own })
  await expect.poll(() => buildsOf(own), { timeout: 60_000 }).toEqual(['live', 'live'])
  expect(await buildsOf(foreign)).toEqual(['live'])
  expect([await mine.answer(), await theirs.answer()]).toEqual(['mine', 'theirs'])
})
