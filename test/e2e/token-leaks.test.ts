import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sealBox } from '@pushfn/kit/sealed-box'
import { openDatabase } from '@pushfn/store/database'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { inArguments, inDatabase, inFiles, inImage, inRedis, inTexts, needlesOf } from '../support/needles.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'
import { aSecret, aTenantWithSecrets, BROKEN, hashOf } from './secrets-stage.ts'

/**
 * Where an installation's tokens are not: anywhere but in the memory of the process that asked for them. And where a function's
 * secrets are not: anywhere but in its own files.
 */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const APPS = ['api', 'builder', 'controller', 'gateway'] as const

test('a token of a private repository’s installation is left nowhere, however its checkout and reports go', async () => {
  const { github } = world
  const account = github.createAccount('ada')
  const repository = await github.createRepository({ owner: account, name: 'shop', isPrivate: true })
  await github.install(account)
  await using copy = await aWorkingCopy()
  await copy.write({
    'stack.yml': 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n',
    'hello/handler.js': 'module.exports = async (event, context) => context.status(200).succeed("x")\n',
  })
  const sha = await copy.commit()
  github.fail('git/fetch', { kind: 'status', status: 500 }, 1)
  github.fail('git/fetch', { kind: 'slow', ms: 1_500 }, 4)
  github.fail('checks/create', { kind: 'status', status: 500 }, 4)
  github.fail('repos/create-deployment', { kind: 'reset' }, 4)
  await copy.push(github.pushUrl(repository))

  let isOver = false
  let looks = 0
  const seen = new Set<string>()
  const looking = (async () => {
    while (!isOver) {
      const needles = needlesOf(github.issuedTokens())
      for (const place of await inArguments(needles)) seen.add(place)
      for (const place of await inFiles(world.dataDir, needles)) seen.add(place)
      looks += 1
      await sleep(20)
    }
  })()
  await github.waitForStatus(sha, 'stack-deploy', 'success')
  await github.waitForStatus(sha, 'hello', 'success')
  await expect.poll(() => github.deploymentsOf(sha).length, { timeout: 60_000 }).toBe(1)
  isOver = true
  await looking
  console.info(`looked ${looks} times while it went on, for ${github.issuedTokens().length} tokens`)
  expect(github.issuedTokens().length).toBeGreaterThanOrEqual(3)
  expect([...seen]).toEqual([])

  const needles = needlesOf(github.issuedTokens())
  const logs = await Promise.all(APPS.map(async (name) => [name, await world.logOf(name)] as const))
  expect(inTexts(Object.fromEntries(logs), needles)).toEqual([])
  expect(await inFiles(world.dataDir, needles)).toEqual([])
  expect(await inDatabase(world.databaseUrl, needles)).toEqual([])
  expect(await inRedis(testServers().redisUrl, needles)).toEqual([])
  const { images } = await litterOf(world.docker, world.cloud)
  expect(images).toHaveLength(1)
  for (const { Id } of images) expect(await inImage(world.docker, Id, needles)).toEqual([])
})

describe('a secret', () => {
  test('is in the files of the functions that name it and nowhere else, whoever has one of the same name', async () => {
    const [ada, eve] = [await aTenantWithSecrets(world), await aTenantWithSecrets(world)]
    const [password, token, others] = [aSecret(), aSecret(), aSecret()]
    expect(await ada.push({ one: { secrets: ['password'] } })).toContain('there is no secret “password”')
    expect([await ada.set('password', password), await ada.set('token', token)]).toEqual([200, 200])
    expect(await eve.set('password', others)).toBe(200)
    expect(
      await ada.push({ one: { secrets: ['password', 'token'] }, two: { secrets: ['token'] }, none: {} }),
    ).toContain('one is live')
    expect(await eve.push({ one: { secrets: ['password'] } })).toContain('one is live')
    expect(await ada.says('one')).toEqual({ password: hashOf(password), token: hashOf(token) })
    expect(await ada.says('two')).toEqual({ token: hashOf(token) })
    expect(await ada.says('none')).toEqual({})
    expect(await eve.says('one')).toEqual({ password: hashOf(others) })
    const used = await ada.api('DELETE', 'secrets/token')
    expect(used.status).toBe(409)
    expect(used.text).toContain('“one”, “two” run with the secret “token”')

    const needles = needlesOf([password, token, others])
    const texts: Record<string, string> = { used: used.text }
    for (const path of ['secrets', 'functions', 'builds', 'repositories', 'functions/one/revisions']) {
      texts[path] = (await ada.api('GET', path)).text
    }
    for (const { id } of Object(JSON.parse(texts.builds ?? '')).items) {
      texts[`log of ${id}`] = (await ada.api('GET', `builds/${id}/log`)).text
    }
    for (const app of APPS) texts[app] = await world.logOf(app)
    for (const { Id } of [...(await ada.containers()), ...(await eve.containers())]) {
      const container = world.docker.getContainer(Id)
      texts[`inspect ${Id}`] = JSON.stringify(await container.inspect())
      texts[`log of ${Id}`] = String(await container.logs({ stdout: true, stderr: true }))
    }
    expect(inTexts(texts, needles)).toEqual([])
    expect(await inArguments(needles)).toEqual([])
    expect(await inFiles(world.dataDir, needles)).toEqual([])
    expect(await inDatabase(world.databaseUrl, needles)).toEqual([])
    expect(await inRedis(testServers().redisUrl, needles)).toEqual([])
    const [image] = (await ada.containers()).filter(({ Labels }) => Labels['pushfn.cloud/function'] === 'one')
    expect(await inImage(world.docker, image?.ImageID ?? '', needles)).toEqual([])
    // It would have been found: here it is.
    const files = await inFiles(`/dev/shm/pushfn-secrets-${world.cloud}`, needles)
    expect(files.map((path) => path.split('/').at(-1)).toSorted()).toEqual(['password', 'password', 'token', 'token'])
  })

  test('that is changed rolls its functions, and no call fails; one that is not taken changes nothing, and says why', async () => {
    const tenant = await aTenantWithSecrets(world)
    const [first, second, third] = [aSecret(), aSecret(), aSecret()]
    await tenant.set('password', first)
    const labels = { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.zero': 'false' }
    await tenant.push({ one: { secrets: ['password'], labels }, none: {} })
    const before = await tenant.containers()
    const says = (value: string) =>
      expect.poll(() => tenant.says('one'), { timeout: 30_000 }).toEqual({ password: hashOf(value) })
    await says(first)

    const stop = tenant.callAllTheWhile('one')
    await tenant.set('password', second)
    await says(second)
    await tenant.set('password', `${BROKEN}-${aSecret()}`)
    const failure = () => tenant.failures().then(({ password }) => password)
    await expect.poll(failure, { timeout: 30_000 }).toContain('the password is not taken')
    await says(second)
    await tenant.set('password', third)
    await says(third)
    await expect.poll(failure, { timeout: 30_000 }).toBeNull()
    expect(await stop()).toEqual([])

    // None but the new ones are left, and who names nothing was left alone.
    await expect.poll(async () => (await tenant.containers()).length, { timeout: 30_000 }).toBe(3)
    const after = (await tenant.containers()).map(({ Id }) => Id)
    const stayed = before.filter(({ Id }) => after.includes(Id))
    expect(stayed.map(({ Labels }) => Labels['pushfn.cloud/function'])).toEqual(['none'])
  })

  test('that is changed while its function sleeps is there when it wakes, also after the host lost its memory', async () => {
    const tenant = await aTenantWithSecrets(world)
    const [first, second] = [aSecret(), aSecret()]
    await tenant.set('password', first)
    const labels = { 'com.openfaas.scale.zero-duration': '1s' }
    await tenant.push({ one: { secrets: ['password'], labels } })
    const states = async () => (await tenant.containers()).map(({ State }) => State)
    await expect.poll(states, { timeout: 30_000 }).toEqual(['paused'])
    await tenant.set('password', second)
    await expect.poll(states, { timeout: 30_000 }).toEqual([])
    expect(await tenant.says('one')).toEqual({ password: hashOf(second) })

    const [container] = await tenant.containers()
    await world.docker.getContainer(container?.Id ?? '').kill()
    await rm(`/dev/shm/pushfn-secrets-${world.cloud}`, { recursive: true })
    await expect.poll(() => tenant.says('one').catch(String), { timeout: 30_000 }).toEqual({ password: hashOf(second) })
  })

  test('that stands sealed in the repository is its function’s alone, goes back with it, and opens nowhere else', async () => {
    const [tenant, other] = [await aTenantWithSecrets(world), await aTenantWithSecrets(world)]
    const [first, second, byHand] = [aSecret(), aSecret(), aSecret()]
    const boxOf = async (whose: typeof tenant, name: string, value: string, fn = 'one') => {
      const { key } = JSON.parse((await whose.api('GET', 'sealing-key')).text)
      const place = { tenant: whose.slug, function: fn, name }
      return sealBox(Buffer.from(key, 'base64'), place, Buffer.from(value))
    }
    await tenant.set('token', byHand)
    const functions = { one: { secrets: ['password', 'token'] }, two: { secrets: ['token'] } }
    const push = (password: string) => tenant.push(functions, { one: { password } })
    expect(await push(await boxOf(tenant, 'password', first))).toContain('one is live')
    expect(await tenant.says('one')).toEqual({ password: hashOf(first), token: hashOf(byHand) })
    expect(await tenant.says('two')).toEqual({ token: hashOf(byHand) })

    const elsewhere = 'secrets.yml:4:5 secrets.one.password: it was sealed for another place'
    expect(await push(await boxOf(tenant, 'other', second))).toContain(elsewhere)
    expect(await push(await boxOf(tenant, 'password', second, 'two'))).toContain(elsewhere)
    expect(await push(await boxOf(other, 'password', second))).toContain('it does not open: seal it anew')
    expect(await push('bm9uc2Vuc2U=')).toContain('it does not open: seal it anew')
    expect(await tenant.says('one')).toMatchObject({ password: hashOf(first) })

    expect(await push(await boxOf(tenant, 'password', second))).toContain('one is live')
    expect(await tenant.says('one')).toMatchObject({ password: hashOf(second) })
    expect((await tenant.api('POST', 'functions/one/rollback', {})).status).toBe(200)
    expect(await tenant.says('one')).toEqual({ password: hashOf(first), token: hashOf(byHand) })

    const needles = needlesOf([first, second])
    expect(await inDatabase(world.databaseUrl, needles)).toEqual([])
    expect(await inRedis(testServers().redisUrl, needles)).toEqual([])
    const logs = await Promise.all(APPS.map(async (app) => [app, await world.logOf(app)] as const))
    expect(inTexts(Object.fromEntries(logs), needles)).toEqual([])
  })

  test('is kept under the newest key as soon as there is one', async () => {
    const tenant = await aTenantWithSecrets(world)
    const [first, second] = [aSecret(), aSecret()]
    await tenant.set('password', first)
    await tenant.push({ one: { secrets: ['password'] } })
    const db = openDatabase(world.databaseUrl)
    onTestFinished(() => db.$disconnect())
    const keys = async () => {
      const select = { keyId: true } as const
      const rows = [...(await db.secret.findMany({ select })), ...(await db.sealingKey.findMany({ select }))]
      return [...new Set(rows.map(({ keyId }) => keyId))]
    }
    const [before] = await keys()
    for (const app of ['controller', 'api'] as const) {
      await world.app(app).stop()
      await world.start(app, { SECRETS_KEYS: 'a-newer-key-of-this-cloud' })
    }
    await expect.poll(async () => (await keys()).includes(before ?? ''), { timeout: 30_000 }).toBe(false)
    expect(await keys()).toHaveLength(1)
    await expect.poll(() => world.logOf('api'), { timeout: 5_000 }).toContain('secrets are under the newest key now')
    // A replica that starts anew opens it, and another value comes under the key at once.
    const [container] = await tenant.containers()
    await world.docker.getContainer(container?.Id ?? '').remove({ force: true })
    const says = () => tenant.says('one').catch(String)
    await expect.poll(says, { timeout: 30_000 }).toEqual({ password: hashOf(first) })
    await tenant.set('password', second)
    await expect.poll(says, { timeout: 30_000 }).toEqual({ password: hashOf(second) })
    expect(await keys()).toHaveLength(1)
  })
})

test('and would have been found there', async () => {
  const secret = 'ghs_a-token-that-is-none_0123456789'
  const needles = needlesOf([secret])
  const basic = Buffer.from(`x-access-token:${secret}`).toString('base64')
  expect(inTexts({ plain: `x${secret}`, basic, url: 'no' }, needles)).toEqual(['plain', 'basic'])
  const child = spawn('sh', ['-c', 'read line', 'sh', secret], { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  expect(await inArguments(needles)).not.toEqual([])
  child.stdin.end('\n')
  await writeFile(join(world.dataDir, 'planted'), basic)
  expect(await inFiles(world.dataDir, needles)).toEqual([join(world.dataDir, 'planted')])
})
