import type { Role } from '@pushfn/model/roles'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aCommandLine } from '../support/pushfn.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = (...names: string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`

describe('a push to the builtin forge', () => {
  test('becomes a live URL, and the pusher sees it in the push’s own output', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    const { code, output } = await copy.push(tenant.gitUrl('hello'))
    expect(output).toMatch(/remote: building hello/)
    expect(output).toContain(`remote: hello is live at ${world.functionUrl(tenant.slug, 'hello')}`)
    expect(code).toBe(0)
    const answer = await localFetch(world.functionUrl(tenant.slug, 'hello'))
    expect(answer.status).toBe(200)
  })

  test('serves the new version when a handler changes, and removes what left the stack', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a', 'b'), 'a/handler.js': handler('one'), 'b/handler.js': handler('b') })
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('one')
    expect((await localFetch(world.functionUrl(tenant.slug, 'b'))).status).toBe(200)

    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('two'), 'b/handler.js': null })
    await copy.commit()
    const { output } = await copy.push(tenant.gitUrl('shop'))
    expect(output).toContain('b is removed')
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('two')
    await expect.poll(async () => (await localFetch(world.functionUrl(tenant.slug, 'b'))).status).toBe(404)
    await expect
      .poll(
        async () => (await containersOf(tenant.slug)).map((container) => container.Labels['pushfn.cloud/function']),
        {
          timeout: 30_000,
        },
      )
      .toEqual(['a'])
  })

  test('of several branches at once deploys main alone, and goes on doing so', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('on main') })
    await copy.commit()
    const { output } = await copy.push(tenant.gitUrl('shop'), ['dev', 'main'])
    expect(output).toMatch(/skipping build for dev branch/)
    expect(output.match(/building a/g)).toHaveLength(1)
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('on main')

    await copy.write({ 'a/handler.js': handler('on main still') })
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('on main still')
  })

  test('of an unchanged handler says so, and of two functions builds one beside the other', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const dockerfile = (name: string) =>
      `FROM pushfn/base:latest\nRUN echo ${tenant.slug} ${name} && sleep 2\nCMD ["node", "-e", "require('http').createServer((q, s) => s.end('${name}')).listen(8080)"]\n`
    await copy.write({
      'stack.yml': ['one', 'two'].reduce(
        (text, name) => `${text}  ${name}:\n    lang: dockerfile\n    handler: ./${name}\n`,
        'functions:\n',
      ),
      'one/Dockerfile': dockerfile('one'),
      'two/Dockerfile': dockerfile('two'),
    })
    await copy.commit()
    const first = await copy.push(tenant.gitUrl('pair'))
    const at = (text: string) => first.output.indexOf(text)
    expect(at('building two')).toBeGreaterThan(-1)
    expect(at('building two')).toBeLessThan(at('built one'))
    expect(at('building one')).toBeLessThan(at('built two'))

    await copy.write({ 'README.md': 'nothing that is built' })
    await copy.commit()
    const second = await copy.push(tenant.gitUrl('pair'))
    expect(second.output).toContain('one is unchanged')
    expect(second.output).toContain('two is unchanged')
  })

  test('of a function of the same name and of names that only joined are equal keeps two tenants apart', async () => {
    const [one, two] = [await aTenantOf(world, 'a-b'), await aTenantOf(world, 'a')]
    for (const { tenant, name } of [
      { tenant: one, name: 'c' },
      { tenant: two, name: 'b-c' },
      { tenant: two, name: 'c' },
    ]) {
      await using copy = await aWorkingCopy()
      await copy.write({ 'stack.yml': stack(name), [`${name}/handler.js`]: handler(`${tenant.slug} ${name}`) })
      await copy.commit()
      await copy.push(tenant.gitUrl(name))
    }
    expect(await (await localFetch(world.functionUrl('a-b', 'c'))).text()).toBe('a-b c')
    expect(await (await localFetch(world.functionUrl('a', 'b-c'))).text()).toBe('a b-c')
    expect(await (await localFetch(world.functionUrl('a', 'c'))).text()).toBe('a c')
  })

  test('needs a token of that tenant', async () => {
    const [mine, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    const foreign = mine.gitUrl('hello').replace(`/git/${mine.slug}/`, `/git/${other.slug}/`)
    expect((await copy.push(foreign)).code).not.toBe(0)
    const wrong = mine.gitUrl('hello').replace(mine.token, 'pf_wrong')
    expect((await copy.push(wrong)).output).toMatch(/Authentication failed|could not read/)
  })

  test('needs a token of a developer: a viewer’s reads', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    const urlAs = async (role: Role) => tenant.gitUrl('hello').replace(tenant.token, await tenant.tokenAs(role))
    const refused = await copy.push(await urlAs('viewer'))
    expect(refused).toMatchObject({ code: 128, output: expect.stringContaining('403') })
    expect(await copy.push(await urlAs('developer'))).toMatchObject({ code: 0 })
    expect(await copy.git('ls-remote', await urlAs('viewer'), 'main')).toContain('refs/heads/main')
  })

  test('of another branch is skipped with the reason', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    await copy.push(tenant.gitUrl('hello'))
    await copy.commit('more')
    const { output } = await copy.push(tenant.gitUrl('hello'), 'topic')
    expect(output).toContain('skipping build for topic branch')
  })

  test('of what is written for OpenFaaS is deployed unchanged', async () => {
    const tenant = await aTenantOf(world)
    for (const example of ['openfaas-node', 'openfaas-python']) {
      await using copy = await aWorkingCopy(example)
      await copy.commit()
      const { output } = await copy.push(tenant.gitUrl(example))
      const [, url = ''] = /is live at (\S+)/.exec(output) ?? []
      expect(url, output).not.toBe('')
      const answer = await localFetch(url, { method: 'POST', body: 'hello' })
      expect(answer.status, await answer.text()).toBe(200)
    }
  })
})

const containersOf = async (tenant: string) => {
  const { containers } = await litterOf(world.docker, world.cloud)
  return containers.filter((container) => container.Labels['pushfn.cloud/tenant'] === tenant)
}

describe('a stack of several functions', () => {
  test('goes live together or not at all: one that does not get ready keeps the others as they were', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a', 'b'), 'a/handler.js': handler('a1'), 'b/handler.js': handler('b1') })
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    await copy.write({ 'a/handler.js': handler('a2'), 'b/handler.js': `throw new Error('b is broken')\n` })
    await copy.commit()
    const { output } = await copy.push(tenant.gitUrl('shop'))
    expect(output).toMatch(/FAILED: function “b” ended with exit code 1 before it was ready/)
    expect(output).not.toContain('a is live')
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('a1')
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'b'))).text()).toBe('b1')
    await expect.poll(async () => (await containersOf(tenant.slug)).length, { timeout: 30_000 }).toBe(2)

    await copy.write({ 'b/handler.js': handler('b3') })
    await copy.commit()
    await copy.push(tenant.gitUrl('shop'))
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'a'))).text()).toBe('a2')
    expect(await (await localFetch(world.functionUrl(tenant.slug, 'b'))).text()).toBe('b3')
  })
})

describe('a deploy by the command line', () => {
  test('makes live what stands in the working directory, goes back, and says what was wrong', async () => {
    const tenant = await aTenantOf(world)
    await using somebody = await aCommandLine({ PUSHFN_URL: world.consoleUrl, PUSHFN_TOKEN: tenant.token })
    await using copy = await aWorkingCopy()
    const deploy = () => somebody.run(['deploy', '--name', 'shop'], { folder: copy.folder })
    const called = async () => (await somebody.run(['invoke', 'a'])).stdout

    // A repository that was pushed to before, as most are.
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('committed') })
    await copy.commit()
    expect(await copy.push(tenant.gitUrl('shop'))).toMatchObject({ code: 0 })
    await copy.write({ 'a/handler.js': handler('never committed') })
    const first = await deploy()
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain(`a is live at ${world.functionUrl(tenant.slug, 'a')}`)
    expect(await called()).toBe('never committed')

    await copy.write({ 'a/handler.js': handler('nor this') })
    expect((await deploy()).code).toBe(0)
    expect(await called()).toBe('nor this')
    expect(await somebody.run(['rollback', 'a'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is live at'),
    })
    expect(await called()).toBe('never committed')

    await copy.write({ 'stack.yml': stack('a').replace('node24', 'cobol') })
    const refused = await deploy()
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/failed: .*cobol/)
    expect(await called()).toBe('never committed')
  })
})
