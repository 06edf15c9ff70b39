import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const NAMES = ['a', 'b', 'c', 'd', 'e']
const stack = (more = '') =>
  `functions:\n${NAMES.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n${name === 'e' ? more : ''}`).join('')}`
const shop = () => ({
  'stack.yml': stack(),
  ...Object.fromEntries(NAMES.map((name) => [`${name}/handler.js`, handler(`${name}1`)])),
})

const textOf = async (tenant: string, name: string) => (await localFetch(world.functionUrl(tenant, name))).text()

/** Id of each function's containers. */
const containersOf = async (tenant: string): Promise<Record<string, string>> => {
  const { containers } = await litterOf(world.docker, world.cloud)
  const own = containers.filter(({ Labels }) => Labels['pushfn.cloud/tenant'] === tenant)
  return Object.fromEntries(own.map(({ Id, Labels }) => [Labels['pushfn.cloud/function'], Id]))
}

const countOf = (output: string, text: RegExp) => output.match(text)?.length ?? 0

describe('of a stack of several functions', () => {
  test('one changed handler builds and deploys one; the containers of the others are the same ones', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write(shop())
    await copy.commit()
    expect(countOf((await copy.push(tenant.gitUrl('shop'))).output, /built \w in/g)).toBe(5)
    const before = await containersOf(tenant.slug)

    await copy.write({ 'c/handler.js': handler('c2') })
    await copy.commit()
    const { output } = await copy.push(tenant.gitUrl('shop'))
    expect(countOf(output, /building \w …/g)).toBe(1)
    expect(output).toContain('built c in')
    for (const name of ['a', 'b', 'd', 'e']) expect(output).toContain(`${name} is unchanged, and live at`)
    expect(await textOf(tenant.slug, 'c')).toBe('c2')
    await expect.poll(async () => Object.keys(await containersOf(tenant.slug)).length).toBe(5)
    await expect.poll(async () => (await containersOf(tenant.slug)).c, { timeout: 30_000 }).not.toBe(before.c)
    expect(await containersOf(tenant.slug)).toEqual({ ...before, c: expect.any(String) })
  })

  test('every commit answers at its own URL, also for the functions that it left alone', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write(shop())
    const first = await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    await copy.write({ 'c/handler.js': handler('c2') })
    const second = await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    const textAt = (sha: string, name: string) => textOf(`${sha.slice(0, 8)}--${tenant.slug}`, name)
    await expect.poll(() => textAt(second, 'a'), { timeout: 20_000 }).toBe('a1')
    expect(await Promise.all([textAt(second, 'c'), textAt(first, 'c'), textAt(first, 'a')])).toEqual(['c2', 'c1', 'a1'])
  })

  test('a change in the middle of one push is not hidden by the commit after it, nor by a build that failed', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write(shop())
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))

    await copy.write({ 'a/handler.js': handler('a2') })
    await copy.commit('changes a')
    await copy.write({ 'README.md': 'about the shop' })
    await copy.commit('changes nothing that is built')
    await copy.push(tenant.gitUrl('shop'))
    expect(await textOf(tenant.slug, 'a')).toBe('a2')

    await copy.write({ 'b/handler.js': handler('b3'), 'c/handler.js': 'throw new Error()\n' })
    await copy.commit()
    expect((await copy.push(tenant.gitUrl('shop'))).output).toContain('FAILED')
    await copy.write({ 'c/handler.js': handler('c1') })
    await copy.commit()
    const { output } = await copy.push(tenant.gitUrl('shop'))
    expect(await textOf(tenant.slug, 'b')).toBe('b3')
    expect(output).toContain('c is unchanged')
  })

  test('a changed variable starts its function anew from the image that is there; a push of nothing starts none', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write(shop())
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    await copy.write({ 'stack.yml': stack('    environment: {COLOUR: red}\n') })
    await copy.commit()
    const changed = await copy.push(tenant.gitUrl('shop'))
    expect(changed.output).not.toContain('building')
    expect(changed.output).toContain('e is live at')
    expect(changed.output).toContain('d is unchanged')

    await copy.commit('nothing')
    const { output } = await copy.push(tenant.gitUrl('shop'))
    expect(output).not.toMatch(/building|starting/)
    expect(countOf(output, /\w is unchanged/g)).toBe(5)
  })
})

test('a commit that asks for it is not built, wherever its message says so, and the next one is', async () => {
  const tenant = await aTenantOf(world)
  await using copy = await aWorkingCopy()
  await copy.write(shop())
  await copy.commit()
  await copy.push(tenant.gitUrl('shop'))
  await copy.write({ 'a/handler.js': handler('a2') })
  await copy.commit('change a\n\nbut not yet [skip ci]')
  expect((await copy.push(tenant.gitUrl('shop'))).output).toContain(
    '[skip ci] in the commit’s message: nothing is built',
  )
  expect(await textOf(tenant.slug, 'a')).toBe('a1')
  await copy.commit('now')
  await copy.push(tenant.gitUrl('shop'))
  expect(await textOf(tenant.slug, 'a')).toBe('a2')
})

describe('an image', () => {
  test('that was built before is used again when its code comes back, and built anew when it is gone', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy('hello')
    const url = tenant.gitUrl('hello')
    await copy.commit()
    await copy.push(url)
    const [first] = (await imagesOf(tenant.slug)).map(({ Id }) => Id)
    await copy.write({ 'hello/handler.js': handler('another') })
    await copy.commit()
    await copy.push(url)
    await copy.git('revert', '--no-edit', 'HEAD')
    const reverted = await copy.push(url)
    expect(reverted.output).not.toContain('building hello')
    expect(reverted.output).toContain('hello is live at')

    await copy.git('revert', '--no-edit', 'HEAD')
    await copy.push(url)
    await expect
      .poll(
        () =>
          world.docker
            .getImage(first ?? '')
            .remove({ force: true })
            .then(
              () => true,
              () => false,
            ),
        { timeout: 30_000 },
      )
      .toBe(true)
    await copy.git('revert', '--no-edit', 'HEAD')
    expect((await copy.push(url)).output).toContain('built hello in')
    expect((await localFetch(world.functionUrl(tenant.slug, 'hello'))).status).toBe(200)
  })

  test('is nobody else’s: another tenant’s equal function is built for that tenant', async () => {
    const [mine, other] = [await aTenantOf(world), await aTenantOf(world)]
    for (const tenant of [mine, other]) {
      await using copy = await aWorkingCopy('hello')
      await copy.commit()
      expect((await copy.push(tenant.gitUrl('hello'))).output).toContain('built hello in')
    }
    const [one, two] = await Promise.all([imagesOf(mine.slug), imagesOf(other.slug)])
    expect(one).toHaveLength(1)
    expect(two).toHaveLength(1)
    expect(one[0]?.Id).not.toBe(two[0]?.Id)
  })
})

const imagesOf = async (tenant: string) => {
  const { images } = await litterOf(world.docker, world.cloud)
  return images.filter(({ Labels }) => Labels?.['pushfn.cloud/tenant'] === tenant)
}
