import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { AppError } from '@pushfn/model/errors'
import { describe, expect, test } from 'vitest'
import { aFunction, aRepository, planFunction } from '../test/try-function.ts'
import { type ContextOptions, packContext } from './context.ts'
import { inputsHash } from './inputs-hash.ts'
import type { BuildableFunction } from './stack-function.ts'

const HANDLER = { 'hello/handler.js': 'module.exports = async () => 1' }

const refusalOf = async (
  files: Record<string, string>,
  fn: Partial<BuildableFunction> = {},
  options: Partial<ContextOptions> = {},
  prepare: (root: string) => Promise<unknown> = async () => {},
) => {
  await using repository = await aRepository(files)
  await prepare(repository.root)
  const thrown = await planFunction(repository.root, aFunction(fn), { context: options }).catch((err: unknown) => err)
  if (!(thrown instanceof AppError)) throw new Error(`not refused: ${thrown}`)
  return { code: thrown.code, hint: thrown.hint, places: thrown.faults.map((fault) => fault.place) }
}

const contextOf = async (files: Record<string, string>, fn: Partial<BuildableFunction> = {}) => {
  await using repository = await aRepository(files)
  return (await planFunction(repository.root, aFunction(fn))).context
}
const pathsOf = async (files: Record<string, string>, fn: Partial<BuildableFunction> = {}) =>
  (await contextOf(files, fn)).files.map((file) => file.path)

describe('a build context', () => {
  test('holds the template in its root and the handler in function/', async () => {
    const files = {
      ...HANDLER,
      'hello/lib/a.js': '',
      'other/b.js': '',
      'hello/.git/config': '',
      'hello/.gitignore': '',
    }
    expect(await pathsOf(files)).toEqual([
      'Dockerfile',
      'answer.mjs',
      'event.mjs',
      'function/.gitignore',
      'function/handler.js',
      'function/lib/a.js',
      'index.mjs',
      'serve.mjs',
    ])
  })

  test('is the handler itself for a Dockerfile of one’s own', async () => {
    const files = { 'app/Dockerfile': 'FROM scratch', 'app/main.c': '', 'stack.yml': '' }
    expect(await pathsOf(files, { lang: 'dockerfile', handler: 'app' })).toEqual(['Dockerfile', 'main.c'])
  })

  test('leaves out what .dockerignore names, and OpenFaaS’s own folders in the root', async () => {
    const ignored = {
      ...HANDLER,
      'hello/.dockerignore': 'node_modules\n*.md\n!keep.md',
      'hello/a.md': '',
      'hello/keep.md': '',
    }
    const files = { ...ignored, 'hello/node_modules/x/index.js': '' }
    expect((await pathsOf(files)).filter((path) => path.startsWith('function/'))).toEqual([
      'function/.dockerignore',
      'function/handler.js',
      'function/keep.md',
    ])
    const root = { 'handler.js': '', 'build/x.js': '', 'template/node/y.js': '', '.git/HEAD': '' }
    expect((await pathsOf(root, { handler: '.' })).filter((path) => path.startsWith('function/'))).toEqual([
      'function/handler.js',
    ])
  })

  test('takes what configuration.copy names beside the handler', async () => {
    const files = { ...HANDLER, 'common/a.js': 'a', 'one.json': '{}' }
    const paths = await pathsOf(files, { copy: ['./common', 'one.json'] })
    expect(paths).toContain('function/common/a.js')
    expect(paths).toContain('function/one.json')
  })

  test('follows links that stay in the repository', async () => {
    await using repository = await aRepository({ ...HANDLER, 'shared/x.js': 'x', 'shared/y/z.js': 'z' })
    await symlink('../shared', join(repository.root, 'hello/shared'))
    const { context } = await planFunction(repository.root, aFunction())
    expect(context.files.find((file) => file.path === 'function/shared/y/z.js')?.bytes.toString()).toBe('z')
  })

  test('is the same bytes for the same files, at another place and time', async () => {
    const files = { ...HANDLER, 'hello/b/c.txt': 'c', 'hello/a.txt': 'a' }
    const [one, two] = [await contextOf(files), await contextOf(files)]
    expect((await buffer(packContext(one))).equals(await buffer(packContext(two)))).toBe(true)
    const inputs = { buildArgs: { A: '1', B: '2' }, bases: ['sha256:x'] }
    const hash = inputsHash({ context: one, ...inputs })
    expect(inputsHash({ context: two, ...inputs, buildArgs: { B: '2', A: '1' } })).toBe(hash)
    expect(inputsHash({ context: two, ...inputs, bases: ['sha256:y'] })).not.toBe(hash)
    expect(inputsHash({ context: two, ...inputs, buildArgs: { A: '12', B: '' } })).not.toBe(hash)
    const changed = await contextOf({ ...files, 'hello/a.txt': 'b' })
    expect(inputsHash({ context: changed, ...inputs })).not.toBe(hash)
  })
})

describe('a handler is refused, with place and mend, that', () => {
  const handlerPlace = { file: 'stack.yml', line: 5, column: 14, key: 'functions.hello.handler' }

  test('is missing, with what was probably meant', async () => {
    const refusal = await refusalOf({ 'hello/handler.js': '' }, { handler: './helo' })
    expect(refusal.code).toBe('HANDLER_INVALID')
    expect(refusal.hint).toBe('stack.yml:5:14 functions.hello.handler: there is no folder ./helo: is it ./hello?')
    expect(refusal.places).toEqual([handlerPlace])
  })

  test.each(['../../etc', '/etc', './hello/../../x', '.git', 'hello/.git/x', './.GIT', 'a\0b', '..'])(
    'leads out of the repository: %j',
    async (handler) => {
      const refusal = await refusalOf({ ...HANDLER, '.git/HEAD': '' }, { handler })
      expect(refusal).toMatchObject({ code: 'HANDLER_INVALID', places: [handlerPlace] })
      expect(refusal.hint).toContain('leads out of the repository')
    },
  )

  test('is a link out of the repository', async () => {
    const refusal = await refusalOf({}, {}, {}, (root) => symlink('/etc', join(root, 'hello')))
    expect(refusal.hint).toContain('leads out of the repository')
  })

  test('is a file', async () => {
    expect((await refusalOf({ hello: '' })).hint).toContain('is a file: name the folder that it is in, .')
  })

  test('holds a link out of the repository, by its path', async () => {
    const refusal = await refusalOf(HANDLER, {}, {}, (root) => symlink('/etc/passwd', join(root, 'hello/p')))
    expect(refusal.hint).toBe('hello/p: is a link that leads out of the repository: put the file itself there')
    const relative = await refusalOf(HANDLER, {}, {}, (root) => symlink('../../x', join(root, 'hello/p')))
    expect(relative.code).toBe('HANDLER_INVALID')
    const dangling = await refusalOf(HANDLER, {}, {}, (root) => symlink('./none', join(root, 'hello/p')))
    expect(dangling.hint).toContain('is a link to nothing')
  })

  test('holds a link into .git or a link that never ends', async () => {
    const intoGit = await refusalOf({ ...HANDLER, '.git/config': '' }, {}, {}, (root) =>
      symlink('../.git/config', join(root, 'hello/c')),
    )
    expect(intoGit.hint).toContain('leads out of the repository')
    const loop = await refusalOf(HANDLER, {}, {}, (root) => symlink('..', join(root, 'hello/up')))
    expect(loop.hint).toContain('a folder that it stands in')
  })

  test('holds a pipe', async () => {
    const refusal = await refusalOf(HANDLER, {}, {}, async (root) => execFileSync('mkfifo', [join(root, 'hello/pipe')]))
    expect(refusal.hint).toContain('hello/pipe: is no file, folder or link')
  })

  test('is too large, with what makes it so', async () => {
    const files = {
      ...HANDLER,
      'hello/big.bin': 'x'.repeat(2 * 1024 ** 2),
      'hello/m/1': '',
      'hello/m/2': '',
      'hello/m/3': '',
    }
    expect((await refusalOf(files, {}, { limits: { bytes: 1024 ** 2 } })).hint).toContain('big.bin (2.0 MiB)')
    expect((await refusalOf(files, {}, { limits: { files: 3 } })).hint).toMatch(
      /more than 3 files: .*\(most: .*m\/ \(\d\)/,
    )
  })

  test('has no entry', async () => {
    expect((await refusalOf({ 'hello/index.js': '' })).hint).toMatch(
      /^stack\.yml:5:14 .*holds no handler\.js \(nor .*handler\.ts/,
    )
    expect((await refusalOf({ 'hello/x': '' }, { lang: 'python3' })).hint).toContain('holds no handler.py')
    expect((await refusalOf({ 'hello/x': '' }, { lang: 'dockerfile' })).hint).toContain('holds no Dockerfile')
  })

  test.each([
    ['handler.js', 'const a = 1\nmodule.exports = async () => {\n  return {{ a }\n}\n', 3],
    ['handler.js', 'import x from "x"\n\nexport default () => }\n', 3],
    ['handler.mjs', 'export default async () => {\n', 2],
    ['handler.cjs', 'let a\nlet a', 2],
  ])('does not compile: %s', async (file, source, line) => {
    const refusal = await refusalOf({ [`hello/${file}`]: source })
    expect(refusal).toMatchObject({ code: 'HANDLER_INVALID', places: [{ file: `hello/${file}`, line }] })
    expect(refusal.hint).toContain('does not compile')
  })

  test('has a broken package.json', async () => {
    expect((await refusalOf({ ...HANDLER, 'hello/package.json': '{' })).hint).toContain(
      'hello/package.json: is no valid JSON',
    )
  })

  test('has a Dockerfile that asks for what nobody gets, with every line of it', async () => {
    const text = '# syntax=x/y\nFROM a\nRUN --network=host b\n'
    const refusal = await refusalOf({ 'hello/Dockerfile': text }, { lang: 'dockerfile' })
    expect(refusal).toMatchObject({
      code: 'HANDLER_INVALID',
      places: [
        { file: 'hello/Dockerfile', line: 1 },
        { file: 'hello/Dockerfile', line: 3 },
      ],
    })
  })

  test('copies what is not in the repository', async () => {
    expect((await refusalOf(HANDLER, { copy: ['../x'] })).hint).toContain('configuration.copy: ../x leads out')
    expect((await refusalOf(HANDLER, { copy: ['x'] })).hint).toContain('x is not in the repository')
  })
})

test.each([
  'module.exports = async () => { return 1 }',
  '#!/usr/bin/env node\nreturn',
  'import a from "a"\nawait a\nexport default () => import.meta.url',
  'const fs = require("fs")\nawait fs',
  'using x = y()\nclass A { #p = 1; static { this.q = /(?i:a)/v } }',
])('a handler compiles that Node can read: %j', async (source) => {
  expect(await pathsOf({ 'hello/handler.js': source })).toContain('function/handler.js')
})
