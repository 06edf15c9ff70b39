import { type Database, openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { repositoryPayload } from '../support/github/payloads.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'

/** What becomes of functions when their repository or account changes: the table of docs/github-app.md, line by line. */
let world: World
let db: Database
beforeAll(async () => {
  world = await startWorld()
  db = openDatabase(world.databaseUrl, 2)
})
afterAll(async () => {
  await db.$disconnect()
  await world[Symbol.asyncDispose]()
})

const SOON = { timeout: 60_000, interval: 250 }

/** An account that lets in selected repositories, with one live function in each. */
const anAccount = async (login: string, ...names: string[]) => {
  const account = world.github.createAccount(login)
  const repositories = await Promise.all(names.map((name) => world.github.createRepository({ owner: account, name })))
  const installation = await world.github.install(account, { repositories })
  const [repository, other] = repositories
  if (!repository) throw new Error('no repository was named')
  const push = async (name: string) => {
    await using copy = await aWorkingCopy()
    await copy.write({
      'stack.yml': `functions:\n  ${name}:\n    lang: node24\n    handler: ./fn\n`,
      'fn/handler.js': 'module.exports = async (event, context) => context.status(200).succeed()\n',
      'README.md': login,
    })
    await copy.commit()
    const to = repositories.find((one) => one.name === name) ?? repository
    const { code, output } = await copy.push(world.github.pushUrl(to), 'main', '--force')
    if (code !== 0) throw new Error(output)
  }
  const answers = async (name: string, status: number) =>
    expect.poll(async () => (await localFetch(world.functionUrl(login, name))).status, SOON).toBe(status)
  for (const name of names) await push(name)
  for (const name of names) await answers(name, 200)
  const row = () =>
    db.repository.findFirstOrThrow({ where: { forgeRepositoryId: String(repository.id) }, include: { tenant: true } })
  const builds = () => db.build.count({ where: { push: { repository: { tenant: { login } } } } })
  return { account, installation, repository, other, push, answers, row, builds }
}

test('a repository that is taken out stops, and comes back as it was when it is let in again', async () => {
  const { installation, repository, answers, builds } = await anAccount('ada', 'one', 'two')
  await world.github.selectRepositories(installation, { remove: [repository] })
  await answers('one', 404)
  await answers('two', 200)
  await world.github.selectRepositories(installation, { add: [repository] })
  await answers('one', 200)
  expect(await builds()).toBe(2)
})

test('an App that is uninstalled stops all, and installed again brings back what it is let in to', async () => {
  const { account, installation, repository, answers, builds } = await anAccount('grace', 'three', 'four')
  await world.github.uninstall(installation)
  await answers('three', 404)
  await answers('four', 404)
  await world.github.install(account, { repositories: [repository] })
  await answers('three', 200)
  await answers('four', 404)
  expect(await builds()).toBe(2)
})

test('after the grace time nothing comes back by itself, and the next push brings it', async () => {
  const { installation, repository, other, answers, push } = await anAccount('joan', 'five', 'six')
  if (!other) throw new Error('no other repository')
  await world.github.selectRepositories(installation, { remove: [repository] })
  await answers('five', 404)
  await world.github.uninstall(installation)
  await answers('six', 404)
  const longAgo = new Date(Date.now() - 8 * 86_400_000)
  await db.function.updateMany({ where: { name: 'five' }, data: { removedAt: longAgo } })
  await db.tenant.updateMany({ where: { login: 'joan' }, data: { removedAt: longAgo } })
  await world.app('api').stop()
  await world.start('api')
  await expect.poll(() => db.function.count({ where: { name: 'six', removedAt: null } }), SOON).toBe(0)
  await expect
    .poll(() => db.function.count({ where: { name: { in: ['five', 'six'] }, restorableId: { not: null } } }), SOON)
    .toBe(0)
  await world.github.install(world.github.createAccount('nobody-1'))
  await world.github.install(repository.owner, { repositories: [repository, other] })
  await push('six')
  await answers('six', 200)
  await answers('five', 404)
})

test('a suspended account’s functions stop, and go on when it is not suspended any more', async () => {
  const { installation, answers, builds } = await anAccount('alan', 'seven')
  await world.github.suspend(installation, true)
  await answers('seven', 404)
  await world.github.suspend(installation, false)
  await answers('seven', 200)
  expect(await builds()).toBe(1)
})

test('a repository that is made private or public, renamed or archived goes on', async () => {
  const { installation, repository, answers, push, row } = await anAccount('edsger', 'eight')
  await world.github.setPrivate(repository, true)
  expect((await row()).isPrivate).toBe(true)
  await push('eight')
  await answers('eight', 200)
  await world.github.setPrivate(repository, false)
  expect((await row()).isPrivate).toBe(false)

  await world.github.renameRepository(repository, 'renamed')
  expect((await row()).name).toBe('renamed')

  const payload = repositoryPayload('renamed', { repository, installation }, world.github.url)
  const { attempts } = await world.github.webhooks.send('repository', { ...payload, action: 'archived' })
  expect(JSON.parse(attempts[0]?.body ?? '')).toEqual({
    outcome: 'ignored',
    reason: 'an archived repository takes no pushes; what runs of it goes on',
  })
  await answers('eight', 200)
})

test('an account that is renamed keeps its address, and who takes its old login gets another', async () => {
  const { account, answers, push, row } = await anAccount('donald', 'nine')
  world.github.renameAccount(account, 'donald-k')
  await push('nine')
  await expect.poll(async () => (await row()).tenant, SOON).toMatchObject({ login: 'donald-k', slug: 'donald' })
  await answers('nine', 200)
  const heir = world.github.createAccount('donald')
  await world.github.install(heir)
  const tenant = await db.tenant.findFirstOrThrow({ where: { forgeAccountId: String(heir.id) } })
  expect(tenant.slug).toBe('donald-2')
})
