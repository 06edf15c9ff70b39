import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

const MAX_PUSH_BYTES = 1_048_576

let world: World
beforeAll(async () => {
  world = await startWorld({ env: { MAX_PUSH_BYTES: String(MAX_PUSH_BYTES) } })
})
afterAll(() => world[Symbol.asyncDispose]())

const STACK = 'functions:\n  hello:\n    lang: static\n    handler: ./hello\n'

/** Git packs it into so many bytes, and no fewer. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64')

const headsOf = async (copy: WorkingCopy, url: string) => copy.git('ls-remote', '--heads', url)

/** What git has left in the repositories of all tenants, finished or not. */
const bytesOnDisk = async (): Promise<number> => {
  const { stdout } = await promisify(execFile)('du', ['--summarize', '--bytes', join(world.dataDir, 'git')])
  return Number.parseInt(stdout, 10)
}

test.each([
  ['a little', 1.2 * MAX_PUSH_BYTES],
  ['much', 20 * MAX_PUSH_BYTES],
])('a push that is %s too large is refused and told so, and leaves nothing behind', async (_, bytes) => {
  const tenant = await aTenantOf(world)
  const url = tenant.gitUrl('large')
  await using copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': STACK, 'hello/index.html': 'small' })
  await copy.commit()
  expect((await copy.push(url)).output).toContain('hello is live')
  const [heads, size] = [await headsOf(copy, url), await bytesOnDisk()]

  await copy.write({ 'hello/index.html': 'large', 'hello/noise': noise(bytes) })
  await copy.commit()
  const { code, output } = await copy.push(url)
  expect(code).not.toBe(0)
  expect(output).toMatch(/pack exceeds maximum allowed size/)
  expect(output).toMatch(/! \[remote rejected\] HEAD -> main/)
  expect(output).not.toMatch(/building|is live/)
  expect(await headsOf(copy, url)).toBe(heads)
  expect((await bytesOnDisk()) - size).toBeLessThan(MAX_PUSH_BYTES / 10)
  expect(await (await localFetch(world.functionUrl(tenant.slug, 'hello'))).text()).toBe('small')
})

test('the limit is for one push: as much in two of them passes', async () => {
  const tenant = await aTenantOf(world)
  const url = tenant.gitUrl('twice')
  await using copy = await aWorkingCopy()
  for (const round of ['first', 'second']) {
    await copy.write({ 'stack.yml': STACK, 'hello/index.html': round, [`hello/${round}`]: noise(0.8 * MAX_PUSH_BYTES) })
    await copy.commit()
    expect((await copy.push(url)).output).toContain('hello is live')
  }
  expect(await (await localFetch(world.functionUrl(tenant.slug, 'hello'))).text()).toBe('second')
})
