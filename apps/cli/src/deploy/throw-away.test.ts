import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findSource } from './find-source.ts'
import { commitFolder, openThrowAway } from './throw-away.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pushfn-source-'))
})
afterEach(() => rm(folder, { recursive: true }))

const AUTHOR = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' }
const signal = AbortSignal.any([])
const env = () => ({ PATH: process.env.PATH ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1' })

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], { env: { ...env(), ...AUTHOR }, encoding: 'utf8' }).trim()

const write = async (files: Record<string, string>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** The files of what is deployed, standing in `at`, and what is in them. */
const deployed = async (at = '.', named?: string): Promise<Record<string, string>> => {
  const context = { env: env(), options: {}, signal, folder: join(folder, at) }
  const source = await findSource(context, named)
  const throwAway = await openThrowAway(source, { env: env(), settings: AUTHOR, signal })
  try {
    const sha = await commitFolder(throwAway, { source, message: 'a deploy' })
    const paths = (await throwAway.git(['ls-tree', '-r', '--name-only', sha])).split('\n')
    const entries = paths.map(
      async (path): Promise<[string, string]> => [path, await throwAway.git(['cat-file', 'blob', `${sha}:${path}`])],
    )
    return Object.fromEntries(await Promise.all(entries))
  } finally {
    await throwAway[Symbol.asyncDispose]()
    expect(await stat(throwAway.folder).catch(() => 'gone')).toBe('gone')
  }
}

/** Every file of a repository, with what is in it. */
const traceOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const entry of (await readdir(path, { recursive: true, withFileTypes: true })).toSorted((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const file = join(entry.parentPath, entry.name)
    hash.update(file)
    if (entry.isFile()) hash.update(await readFile(file))
  }
  return hash.digest('hex')
}

test('what stands there is deployed, committed or not, and the repository is as it was', async () => {
  git('init', '--quiet', '--initial-branch=main')
  await write({ 'stack.yml': 'one', '.gitignore': 'out/\nkept.log\n', 'kept.log': 'tracked', 'old.txt': 'old' })
  git('add', '--force', '.')
  git('commit', '--quiet', '--message', 'first')
  await write({
    'stack.yml': 'two',
    'new.txt': 'new',
    'out/big': 'x',
    'kept.log': 'changed',
    '.git/info/exclude': 'mine\n',
  })
  await write({ mine: 'x', 'staged.txt': 'staged' })
  await rm(join(folder, 'old.txt'))
  git('add', 'staged.txt')
  // A hook that runs would leave its mark.
  await writeFile(join(folder, '.git/hooks/pre-commit'), '#!/bin/sh\ntouch hooked\n', { mode: 0o755 })
  const before = await traceOf(join(folder, '.git'))
  expect(await deployed()).toEqual({
    'stack.yml': 'two',
    '.gitignore': 'out/\nkept.log',
    'kept.log': 'changed',
    'new.txt': 'new',
    'staged.txt': 'staged',
  })
  expect(await traceOf(join(folder, '.git'))).toBe(before)
})

test('a folder within a repository is deployed alone, and what the repository ignores is left out there too', async () => {
  git('init', '--quiet', '--initial-branch=main')
  await write({
    '.gitignore': '.env\n',
    'shop/stack.yml': 'x',
    'shop/.env': 'SECRET',
    'shop/src/a.js': 'a',
    'else.txt': 'e',
  })
  expect(await deployed('shop/src')).toEqual({ 'stack.yml': 'x', 'src/a.js': 'a' })
  git('add', '.')
  git('commit', '--quiet', '--message', 'first')
  expect(await deployed('.', 'shop')).toEqual({ 'stack.yml': 'x', 'src/a.js': 'a' })
})

test('a folder without any repository is deployed, but for node_modules and .env', async () => {
  await write({ 'stack.yml': 'x', 'hello/handler.js': 'h', 'hello/node_modules/a/index.js': 'a', '.env': 'SECRET' })
  expect(await deployed('hello', '..')).toEqual({ 'stack.yml': 'x', 'hello/handler.js': 'h' })
})

test('without a stack.yml, up to the end of the repository, there is nothing to deploy', async () => {
  await write({ 'stack.yml': 'of somebody else', 'mine/a.txt': 'a' })
  execFileSync('git', ['init', '--quiet', join(folder, 'mine')], { env: env() })
  await expect(deployed('mine')).rejects.toThrow('there is no stack.yml')
})

test('a repository that git will not read is no folder without one', async () => {
  git('init', '--quiet', '--initial-branch=main')
  await write({ '.gitignore': '.env\n', 'shop/stack.yml': 'x', 'shop/.env': 'SECRET' })
  await writeFile(join(folder, '.git/config'), '[core]\n\trepositoryformatversion = 99\n')
  await expect(deployed('shop')).rejects.toThrow('repo version')
})
