import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@pushfn/model/errors'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aFunction, aRepository, build, planFunction, type Repository } from '../test/try-function.ts'
import { type FetchOptions, fetchTemplates } from './fetch-templates.ts'
import { git as runGit } from './git.ts'

const TEMPLATE = {
  'template/mine/template.yml': 'language: mine\nhandler_folder: function\nbuild_args:\n  WORD: default\n',
  'template/mine/Dockerfile':
    'FROM pushfn/base:latest\nARG WORD\nCOPY index.sh function/ /app/\nRUN cat /app/* && echo word:$WORD\n',
  'template/mine/index.sh': 'echo from the template\n',
  'template/mine/function/handler.sh': 'echo default\n',
  'README.md': 'not needed',
}

const git = (root: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })

const commit = (repository: Repository) => {
  git(repository.root, 'init', '--quiet', '--initial-branch=main')
  git(repository.root, 'add', '-A')
  git(repository.root, 'commit', '--quiet', '-m', 'x')
}

/** Takes connections and ends them. */
const listening = async () => {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    connections: () => count,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

describe('templates fetched by git', () => {
  let cacheDir: string
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'pushfn-templates-'))
  })
  afterEach(() => rm(cacheDir, { recursive: true }))

  const fetch = (source: string | undefined, overrides: Partial<FetchOptions> = {}) =>
    fetchTemplates([{ name: 'mine', ...(source && { source }) }], {
      stackFile: 'stack.yml',
      cacheDir,
      signal: AbortSignal.timeout(20_000),
      protocols: ['https', 'file'],
      ...overrides,
    })
  const hintOf = async (...args: Parameters<typeof fetch>) => {
    const thrown = await fetch(...args).catch((err: unknown) => err)
    if (!(thrown instanceof AppError)) throw new Error(`not refused: ${thrown}`)
    expect(thrown.code).toBe('TEMPLATE_UNKNOWN')
    return thrown.hint
  }

  test('are built from as OpenFaaS’s are: their files, the handler over theirs, their build arguments', async () => {
    // A word of its own: a step from the cache says nothing.
    const word = randomUUID()
    await using source = await aRepository({ ...TEMPLATE, 'template/mine/index.sh': `echo ${word}\n` })
    commit(source)
    const fetched = await fetch(`file://${source.root}`)
    await using repository = await aRepository({ 'hello/handler.sh': 'echo mine\n' })
    const planned = await planFunction(repository.root, aFunction({ lang: 'mine' }), { fetched })
    expect(planned.template.origin).toBe('fetched')
    await using built = await build(planned)
    const said = built.lines.map((line) => line.replace(/^#\d+ /, ''))
    expect(said).toEqual(expect.arrayContaining(['echo mine', `echo ${word}`, 'word:default']))
    expect(said).not.toContain('echo default')
  })

  test('are kept, and fetched again when their head has moved', async () => {
    await using source = await aRepository(TEMPLATE)
    commit(source)
    const url = `file://${source.root}`
    const [first = ''] = await fetch(url)
    await source.write({ 'template/mine/index.sh': 'echo changed\n' })
    commit(source)
    expect(await fetch(url)).toEqual([first])
    const [second = ''] = await fetch(url, { freshMs: 0 })
    expect(await readFile(join(second, 'mine/index.sh'), 'utf8')).toBe('echo changed\n')
    expect(await readdir(join(second, '..'))).toEqual(['template'])
  })

  test('may be named by a branch or tag', async () => {
    await using source = await aRepository(TEMPLATE)
    commit(source)
    git(source.root, 'tag', '-a', 'v1', '-m', 'one')
    await source.write({ 'template/mine/index.sh': 'echo changed\n' })
    commit(source)
    const [tagged = ''] = await fetch(`file://${source.root}#v1`)
    expect(await readFile(join(tagged, 'mine/index.sh'), 'utf8')).toBe('echo from the template\n')
    expect(await hintOf(`file://${source.root}#none`)).toContain('no branch or tag none')
  })

  test('without a source are built-in ones: nothing is fetched', async () => {
    expect(await fetch(undefined)).toEqual([])
  })

  test.each([
    'ext::sh -c touch% /tmp/pwned',
    '--upload-pack=touch /tmp/pwned',
    'git@example.com:a/b.git',
    'ssh://example.com/a',
    'http://example.com/a',
    'https://user:secret@example.com/a',
    'https://127.0.0.1/a',
    'https://localhost/a',
    'https://[::1]/a',
    'https://metadata.internal/a',
    'https://example.com/a#--upload-pack=x',
    'https://example.com/a#a..b',
    '/etc',
  ])('are refused from %s', async (source) => {
    expect(await hintOf(source)).toContain('stack.yml configuration.templates: ')
  })

  test('are fetched from no host inside, and nobody learns which there are', async () => {
    const asked: string[] = []
    await using server = await listening()
    const source = `https://forge.example.com:${server.port}/a`
    const hintWith = (...addresses: string[]) =>
      hintOf(source, {
        lookup: async (host) => {
          asked.push(host)
          if (addresses.length === 0) throw new Error('getaddrinfo ENOTFOUND')
          return addresses
        },
      })
    const hints = await Promise.all([
      hintWith(),
      hintWith('127.0.0.1'),
      hintWith('10.1.2.3'),
      hintWith('169.254.169.254'),
      hintWith('::1'),
      hintWith('::ffff:127.0.0.1'),
      hintWith('fd00::1'),
      hintWith('127.0.0.1', '93.184.215.14'),
      hintWith('93.184.215.14', '192.168.0.1'),
    ])
    expect([...new Set(hints)]).toEqual([
      `stack.yml configuration.templates: ${source} could not be fetched: is its address right, and is it public?`,
    ])
    expect(asked).toEqual(Array.from({ length: 9 }, () => 'forge.example.com'))
    expect(server.connections()).toBe(0)
  })

  test('are asked for at the address that was looked at, and not at another', async () => {
    await using server = await listening()
    const run = { cwd: cacheDir, protocols: ['https'], signal: AbortSignal.timeout(10_000) }
    const host = 'forge.invalid'
    const resolved = `${host}:${server.port}:127.0.0.1`
    await expect(runGit(['ls-remote', `https://${host}:${server.port}/a`], { ...run, resolved })).rejects.toThrow()
    expect(server.connections()).toBe(1)
  })

  test('are not taken from a file unless that is allowed', async () => {
    expect(await hintOf('file:///etc', { protocols: ['https'] })).toContain('is no source: write https://')
  })

  test('leave links, submodules and hooks behind', async () => {
    await using inner = await aRepository({ 'secret.txt': 's' })
    commit(inner)
    await using source = await aRepository(TEMPLATE)
    await symlink('/etc/passwd', join(source.root, 'template/mine/passwd'))
    commit(source)
    git(source.root, 'submodule', 'add', '--quiet', `file://${inner.root}`, 'template/mine/sub')
    commit(source)
    const [folder = ''] = await fetch(`file://${source.root}`)
    expect(await readFile(join(folder, 'mine/passwd'), 'utf8')).toBe('/etc/passwd')
    expect(await readdir(join(folder, 'mine/sub')).catch(() => [])).toEqual([])
  })

  test.each(['a file', 'nothing'])(
    'are refused when a few objects list themselves without an end, with %s in them',
    async (leaf) => {
      await using source = await aRepository(TEMPLATE)
      commit(source)
      const make = (lines: string[]) => {
        const input = lines.map((line) => `${line}\n`).join('')
        return execFileSync('git', ['mktree'], { cwd: source.root, encoding: 'utf8', input }).trim()
      }
      let tree = make(
        leaf === 'nothing' ? [] : [`100644 blob ${git(source.root, 'rev-parse', 'HEAD:README.md').trim()}\tf`],
      )
      for (let depth = 0; depth < 10; depth++) {
        tree = make(Array.from({ length: 10 }, (_, n) => `040000 tree ${tree}\td${n}`))
      }
      const bomb = git(source.root, 'commit-tree', '-m', 'x', make([`040000 tree ${tree}\ttemplate`])).trim()
      git(source.root, 'update-ref', 'refs/heads/main', bomb)
      expect(await hintOf(`file://${source.root}`)).toContain('too many files to be listed')
    },
  )

  test('are refused when there are none, too many or too large', async () => {
    await using empty = await aRepository({ 'README.md': '' })
    commit(empty)
    expect(await hintOf(`file://${empty.root}`)).toContain('no folder template/')
    await using source = await aRepository(TEMPLATE)
    commit(source)
    expect(await hintOf(`file://${source.root}`, { limits: { files: 2 } })).toContain('more than 2 files')
    expect(await hintOf(`file://${source.root}`, { limits: { bytes: 10 } })).toContain('larger than')
    expect((await readdir(cacheDir, { recursive: true })).filter((path) => path.includes('.fetch-'))).toEqual([])
  })
})
