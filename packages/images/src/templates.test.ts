import { AppError } from '@pushfn/model/errors'
import { expect, test } from 'vitest'
import { aFunction, aRepository } from '../test/try-function.ts'
import { builtInNames, findTemplate, type TemplateSources } from './templates.ts'

const find = async (lang: string, files: Record<string, string> = {}, overrides: Partial<TemplateSources> = {}) => {
  await using repository = await aRepository(files)
  const fetched = overrides.fetched?.map((folder) => `${repository.root}/${folder}`)
  return await findTemplate(aFunction({ lang }), {
    stackFile: 'stack.yml',
    root: repository.root,
    areOwnTemplatesAllowed: false,
    isDockerfileAllowed: true,
    ...overrides,
    ...(fetched && { fetched }),
  })
}
const hintOf = async (...args: Parameters<typeof find>) => {
  const thrown = await find(...args).catch((err: unknown) => err)
  if (!(thrown instanceof AppError)) throw new Error(`found: ${JSON.stringify(thrown)}`)
  expect(thrown.code).toBe('TEMPLATE_UNKNOWN')
  return thrown.hint
}

test('every built-in template is found and says what it is', async () => {
  for (const name of await builtInNames()) expect((await find(name)).language).toBe(name)
})

test.each([
  ['node20', 'node24'],
  ['node12', 'node24'],
  ['python', 'python3'],
  ['python3-flask-debian', 'python3'],
  ['python3-http-debian', 'python3-http'],
  ['bash-streaming', 'bash'],
])('OpenFaaS’s %s is built with %s, and the author is told', async (lang, name) => {
  const template = await find(lang)
  expect(template.name).toBe(name)
  expect(template.warning).toContain(lang)
})

test('an unknown template is refused with its place, what was meant, and what there is', async () => {
  expect(await hintOf('node42x')).toMatch(/^stack\.yml:4:11 functions\.hello\.lang: there is no template node42x/)
  expect(await hintOf('pyton3')).toContain('is it python3?')
  expect(await hintOf('rust')).toContain('bash, dockerfile, node24, python3, python3-http, static')
})

test.each(['../node24', '/etc', 'a/b', '', '..', 'node24\n', '__proto__', 'constructor'])(
  '%j is no template',
  async (lang) => {
    await hintOf(lang)
  },
)

test('a Dockerfile of one’s own must be allowed', async () => {
  expect((await find('Dockerfile')).name).toBe('dockerfile')
  const hint = await hintOf('dockerfile', {}, { isDockerfileAllowed: false })
  expect(hint).toContain('takes no Dockerfiles')
  expect(hint).not.toContain('bash, dockerfile')
})

test('the repository’s own templates count when they are allowed, and are not trusted with what ours may say', async () => {
  const files = {
    'template/mine/Dockerfile': 'FROM scratch',
    'template/mine/template.yml':
      'handler_folder: src\nbuild_options:\n  - name: dev\n    packages: [make]\nentry: [x]\nruntime: [serve.mjs]\nwelcome_message: |\n  hi\n',
  }
  expect(await hintOf('mine', files)).toContain('take template/mine away')
  const template = await find('mine', files, { areOwnTemplatesAllowed: true })
  expect(template).toMatchObject({
    origin: 'repository',
    handler_folder: 'src',
    build_options: [{ name: 'dev', packages: ['make'] }],
    entry: [],
    runtime: [],
  })
})

test('a template folder that is not used is spoken of', async () => {
  const template = await find('node24', { 'template/node24/Dockerfile': 'FROM scratch' })
  expect(template).toMatchObject({
    origin: 'built-in',
    warning: expect.stringContaining('template/node24 of the repository'),
  })
})

test('fetched templates come before the built-in ones', async () => {
  const template = await find('node24', { 'fetched/node24/Dockerfile': 'FROM scratch' }, { fetched: ['fetched'] })
  expect(template.origin).toBe('fetched')
})

test.each([
  ['handler_folder: ../up', 'handler_folder'],
  ['build_options: [{ name: a, packages: ["x; rm -rf /"] }]', 'packages'],
  ['a: [', 'YAML'],
  ['a: &a [1]\nbuild_args: *a', 'alias'],
])('a template.yml is refused that says %j', async (text, word) => {
  const files = { 'template/mine/Dockerfile': 'FROM scratch', 'template/mine/template.yml': text }
  expect(await hintOf('mine', files, { areOwnTemplatesAllowed: true })).toContain(word)
})
