import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { inArguments, inDatabase, inFiles, inImage, inRedis, inTexts, needlesOf } from '../support/needles.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'

/** Where an installation's tokens are not: anywhere but in the memory of the process that asked for them. */
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
