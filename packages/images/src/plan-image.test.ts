import { AppError } from '@pushfn/model/errors'
import { expect, test } from 'vitest'
import { aFunction, aRepository, planFunction } from '../test/try-function.ts'
import type { ImageFacts } from './plan-image.ts'
import type { BuildableFunction } from './stack-function.ts'

const plan = async (facts: Partial<ImageFacts> = {}, fn: Partial<BuildableFunction> = {}, tenant = 'acme') => {
  await using repository = await aRepository({ 'hello/handler.js': '' })
  const commit = '1a2b3c4d'.padEnd(40, '0')
  return (await planFunction(repository.root, aFunction(fn), { tenant, facts: { commit, branch: 'main', ...facts } }))
    .image
}
const hintOf = async (fn: Partial<BuildableFunction>) => {
  const thrown = await plan({}, fn).catch((err: unknown) => err)
  if (!(thrown instanceof AppError)) throw new Error('not refused')
  expect(thrown.code).toBe('STACK_INVALID')
  return thrown.hint
}

test('an image is named by tenant, repository, function, branch and commit', async () => {
  expect((await plan()).name).toBe('pushfn.local/acme/site-hello:latest-main-1a2b3c4')
  const registry = 'Registry.example.com:5000/fn/'
  expect((await plan({ registry })).name).toBe('registry.example.com:5000/fn/acme/site-hello:latest-main-1a2b3c4')
})

test('what no image name may hold is made valid, and two names never become one', async () => {
  const names = []
  for (const name of ['My.Repo', 'a_-_b', '_x_', '-x-', 'x', 'a..b', 'a--b']) {
    names.push((await plan({ repository: { name, isPrivate: false } })).name)
  }
  for (const branch of ['feature/X', 'feature-x', 'ü', 'b'.repeat(300), `${'b'.repeat(299)}c`])
    names.push((await plan({ branch })).name)
  for (const name of names) {
    expect(name).toMatch(
      /^pushfn\.local\/acme\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/,
    )
  }
  expect(new Set(names).size).toBe(names.length)
})

test('an image bears the cloud’s labels and OpenFaaS Cloud’s', async () => {
  expect((await plan()).labels).toMatchObject({
    'pushfn.cloud/tenant': 'acme',
    'pushfn.cloud/function': 'hello',
    'com.openfaas.cloud.git-owner': 'acme',
    'com.openfaas.cloud.git-repo': 'site',
    'com.openfaas.cloud.git-sha': '1a2b3c4d'.padEnd(40, '0'),
  })
})

test('two tenants get scopes of their own for what their builds leave behind', async () => {
  const [a, b] = [await plan({}, {}, 'a'), await plan({}, {}, 'b')]
  expect(a.buildArgs).toMatchObject({ CACHE_SCOPE: 'a', BUILDKIT_CACHE_MOUNT_NS: 'a' })
  expect(b.buildArgs).toMatchObject({ CACHE_SCOPE: 'b', BUILDKIT_CACHE_MOUNT_NS: 'b' })
})

test('build options and additional packages become one argument', async () => {
  const image = await plan({}, { buildOptions: ['dev'], buildArgs: { ADDITIONAL_PACKAGE: 'jq make', X: '1' } })
  expect(image.buildArgs).toMatchObject({ ADDITIONAL_PACKAGE: 'make g++ git jq', PACKAGES: 'apt', X: '1' })
  expect((await plan()).buildArgs).toMatchObject({ PACKAGES: 'none', DEPENDENCIES: 'none' })
})

test.each([
  'BASE_IMAGE',
  'base_image',
  'CACHE_SCOPE',
  'BUILDKIT_SYNTAX',
  'BUILDKIT_CACHE_MOUNT_NS',
  'DEPENDENCIES',
  'a b',
  '',
])('a build argument %j is refused', async (name) => {
  expect(await hintOf({ buildArgs: { [name]: 'x' } })).toContain(`functions.hello.build_args.${name}`)
})

test('an unknown build option and what is no package name are refused', async () => {
  expect(await hintOf({ buildOptions: ['gpu'] })).toContain('template node24 has no build option gpu: there are dev')
  expect(await hintOf({ buildArgs: { ADDITIONAL_PACKAGE: 'jq $(reboot)' } })).toContain(
    '"$(reboot)" is no package name',
  )
})
