import { access, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchCommit } from '../../../apps/builder/src/git/fetch-commit.ts'
import { gitCallOf, serveGit } from '../../support/github/git-server.ts'
import { aHostileRepository, type Entry, type HostileRepository } from './hostile-repository.ts'

/** The builder's own checkout, with the real git, of repositories that mean no good. */

const TOKEN = 'Bearer a-token-that-nobody-may-see'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pushfn-fetch-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

/** Serves by `git http-backend`, unless the test answers itself; `whileServing` runs before the pack is sent. */
const aServer = async (repository: HostileRepository, answer?: Answer, whileServing?: () => Promise<void>) => {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (answer) return answer(request, response)
    const call = gitCallOf(request, 'http://git.test')
    if (!call || request.headers.authorization !== TOKEN) return response.writeHead(403).end()
    if (call.service === 'git-upload-pack') await whileServing?.()
    const account = { id: 1, login: 'eve', type: 'User' as const, password: '' }
    const place = { id: 1, name: 'shop', owner: account, isPrivate: true, defaultBranch: 'main' }
    const served = { ...place, createdAt: new Date(), formerNames: new Set<string>(), ...repository }
    await serveGit({ repository: served, call, pusher: undefined }, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}/eve/shop.git`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const LIMITS = { ms: 60_000, bytes: 8_388_608, files: 100 }

let checkouts = 0
const fetched = (url: string, sha: string, limits: Partial<typeof LIMITS> = {}) =>
  fetchCommit({
    source: { url, authorization: TOKEN },
    sha,
    folder: join(folder, `checkout-${++checkouts}`),
    limits: { ...LIMITS, ...limits },
    caFile: undefined,
    signal: new AbortController().signal,
  })

/** Makes a repository, serves it, and fetches its commit. */
const checkout = async (
  make: (repository: HostileRepository) => Promise<Entry[]>,
  limits: Partial<typeof LIMITS> = {},
): Promise<string> => {
  await using repository = await aHostileRepository()
  const sha = await repository.commit(await repository.tree(await make(repository)))
  await using server = await aServer(repository)
  return await fetched(server.url, sha, limits)
}

const file = async (repository: HostileRepository, name: string, content: string | Buffer): Promise<Entry> => ({
  mode: '100644',
  name,
  object: await repository.blob(content),
})
const link = async (repository: HostileRepository, name: string, target: string): Promise<Entry> => ({
  mode: '120000',
  name,
  object: await repository.blob(Buffer.from(target, 'latin1')),
})
const directory = async (repository: HostileRepository, name: string, entries: Entry[]): Promise<Entry> => ({
  mode: '40000',
  name,
  object: await repository.tree(entries),
})

/** A tree that holds the next one ten times, ten deep. */
const bomb = async (repository: HostileRepository, leaf: Entry[]): Promise<Entry[]> => {
  let entries = leaf
  for (let depth = 0; depth < 10; depth++) {
    const { object } = await directory(repository, 'd', entries)
    entries = Array.from({ length: 10 }, (_, n) => ({ mode: '40000', name: `d${n}`, object }))
  }
  return entries
}

const refused = (hint: string | RegExp) =>
  expect.objectContaining({ code: 'CHECKOUT_REFUSED', isRetryable: false, hint: expect.stringMatching(hint) })

describe('a checkout', () => {
  test('is the files of exactly the commit, without anything of git’s', async () => {
    await using repository = await aHostileRepository()
    const older = await repository.commit(await repository.tree([await file(repository, 'a', 'old')]))
    await repository.commit(await repository.tree([await file(repository, 'a', 'new')]))
    await using server = await aServer(repository)
    const path = await fetched(server.url, older)
    expect(await readdir(path)).toEqual(['a'])
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('old')
  })

  test('keeps links that stay inside, links to nothing, and names with tabs and of any bytes', async () => {
    const path = await checkout(async (repository) => [
      await file(repository, 'a\tb', 'tab'),
      await directory(repository, 'd', [
        await link(repository, 'up', '../e/x'),
        await link(repository, 'none', 'gone'),
      ]),
      await directory(repository, 'e', [await file(repository, 'x', 'found')]),
      await link(repository, 'l\tm', 'a\tb'),
      await file(repository, '\xff', 'latin'),
    ])
    expect(await readFile(join(path, 'l\tm'), 'utf8')).toBe('tab')
    expect(await readFile(join(path, 'd/up'), 'utf8')).toBe('found')
    expect(await readlink(join(path, 'd/none'))).toBe('gone')
  })

  test('executes and fetches nothing that the repository names', async () => {
    const canary = join(folder, 'canary')
    await using other = await aHostileRepository()
    const inner = await other.commit(await other.tree([await file(other, 'inner', 'x')]))
    const path = await checkout(async (repository) => [
      await file(repository, '.gitattributes', '* filter=evil diff=evil merge=evil text eol=crlf\n*.bin filter=lfs\n'),
      await file(repository, '.gitconfig', `[filter "evil"]\n\tsmudge = touch ${canary}\n\trequired = true\n`),
      await file(
        repository,
        '.gitmodules',
        `[submodule "file"]\n\tpath = file\n\turl = file://${other.directory}\n` +
          `[submodule "ext"]\n\tpath = ext\n\turl = ext::sh -c touch% ${canary}\n`,
      ),
      await file(repository, 'big.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n'),
      { mode: '160000', name: 'ext', object: inner },
      { mode: '160000', name: 'file', object: inner },
      await directory(repository, 'hooks', [
        { ...(await file(repository, 'post-checkout', `#!/bin/sh\ntouch ${canary}\n`)), mode: '100755' },
      ]),
    ])
    expect(await readdir(join(path, 'ext'))).toEqual([])
    expect(await readdir(join(path, 'file'))).toEqual([])
    expect(await readFile(join(path, 'big.bin'), 'utf8')).toMatch(/^version https:\/\/git-lfs/)
    await expect(access(canary)).rejects.toThrow('ENOENT')
  })
})

describe('a checkout refuses', () => {
  test.each<[string, string | RegExp, (repository: HostileRepository) => Promise<Entry[]>, Partial<typeof LIMITS>?]>([
    [
      'files beyond number',
      /more than 100 files: take out/,
      async (r) => bomb(r, await Promise.all(Array.from({ length: 20 }, (_, n) => file(r, `f${n + 10}`, 'x')))),
    ],
    ['folders beyond number that hold nothing', /more than 100 folders/, (r) => bomb(r, [])],
    [
      'one file too many',
      /more than 2 files/,
      async (r) => [await file(r, 'a', ''), await file(r, 'b', ''), await file(r, 'c', '')],
      { files: 2 },
    ],
    [
      'files that are large once they are unpacked',
      /have 96\.0 MiB in all, more than the 8\.0 MiB that are allowed; the largest is b with 64\.0 MiB/,
      async (r) => [await file(r, 'a', Buffer.alloc(33_554_432)), await file(r, 'b', Buffer.alloc(67_108_864))],
    ],
    [
      'files that are large packed',
      /more than 1\.0 MiB packed/,
      async (r) => [await file(r, 'noise', noise(3_145_728))],
      { bytes: 1_048_576 },
    ],
    [
      'a name that no file system takes',
      /a name in one longer than 255: nnnn/,
      async (r) => [await file(r, 'n'.repeat(300), '')],
    ],
    [
      'a path that no file system takes',
      /a path longer than 3072 bytes/,
      async (r) => {
        let entries = [await file(r, 'f', '')]
        for (let depth = 0; depth < 40; depth++) entries = [await directory(r, 'p'.repeat(200), entries)]
        return entries
      },
    ],
    ['a link to a file outside', /^l is a symlink that leaves/, async (r) => [await link(r, 'l', '../../etc/passwd')]],
    ['a link to the root', /^l is a symlink that leaves/, async (r) => [await link(r, 'l', '/')]],
    [
      'a link with a tab in its name',
      /^passwd\tx is a symlink that leaves/,
      async (r) => [await link(r, 'passwd\tx', '/etc/passwd')],
    ],
    [
      'a link that leaves by another one',
      /^l is a symlink that leaves/,
      async (r) => [
        await directory(r, 'd', [await directory(r, 'e', [await link(r, 'root', '../..')])]),
        await link(r, 'l', 'd/e/root/../outside'),
      ],
    ],
    [
      'a link that leaves by one whose name is no text',
      /^l is a symlink that leaves/,
      async (r) => [
        await directory(r, 'd', [await directory(r, 'e', [await link(r, '\xff', '../..')])]),
        await link(r, 'l', 'd/e/\xff/../outside'),
      ],
    ],
    [
      'links in a circle',
      /^a is a symlink that goes round/,
      async (r) => [await link(r, 'a', 'b'), await link(r, 'b', 'a')],
    ],
    [
      'a .git of its own',
      /git refuses an object.*hasDotgit/,
      async (r) => [await directory(r, '.git', [await file(r, 'config', '[core]\n\tsshCommand = touch /tmp/x\n')])],
    ],
    [
      'a .GIT of its own',
      /git refuses an object.*hasDotgit/,
      async (r) => [await directory(r, '.GIT', [await file(r, 'config', '')])],
    ],
    [
      'a folder above',
      /git refuses an object.*hasDotdot/,
      async (r) => [await directory(r, '..', [await file(r, 'x', '')])],
    ],
    [
      'a submodule whose URL is an option',
      /git refuses an object.*gitmodulesUrl/,
      async (r) => [await file(r, '.gitmodules', '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n')],
    ],
    [
      'a submodule that updates by a command',
      /git refuses an object.*gitmodulesUpdate/,
      async (r) => [
        await file(r, '.gitmodules', '[submodule "x"]\n\tpath = x\n\turl = https://a.test/x\n\tupdate = !touch x\n'),
      ],
    ],
  ])('%s', async (_, hint, make, limits) => {
    await expect(checkout(make, limits)).rejects.toEqual(refused(hint))
  })

  test('a bomb without taking memory for what it lists', async () => {
    const before = process.memoryUsage().rss
    let peak = before
    const sampling = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss)
    }, 5)
    const failure = checkout(async (r) => bomb(r, [await file(r, 'f', 'x')]), { files: 1_000_000 })
    await expect(failure).rejects.toEqual(refused(/more than 1000000 files|more than 1000000 folders/))
    clearInterval(sampling)
    expect(peak - before).toBeLessThan(134_217_728)
  })

  test('what takes too long, and leaves no git behind', async () => {
    await using repository = await aHostileRepository()
    await using server = await aServer(repository, () => undefined)
    await expect(fetched(server.url, '1'.repeat(40), { ms: 1_000 })).rejects.toEqual(refused(/longer than 1 s/))
    await expect.poll(() => commandLines(server.url), { timeout: 5_000 }).toEqual([])
  })
})

describe('a checkout that fails', () => {
  test.each([
    ['ext::sh -c touch% /tmp/pushfn-ext-canary', '/tmp/pushfn-ext-canary'],
    ['file:///etc', '/nonexistent'],
    ['git://127.0.0.1:1/x', '/nonexistent'],
    ['ssh://127.0.0.1:1/x', '/nonexistent'],
    ['--upload-pack=touch /tmp/pushfn-ext-canary', '/tmp/pushfn-ext-canary'],
  ])('%s is not spoken', async (url, canary) => {
    await expect(fetched(url, '1'.repeat(40))).rejects.toMatchObject({ code: 'CHECKOUT_FAILED', isRetryable: true })
    await expect(access(canary)).rejects.toThrow('ENOENT')
  })

  test('follows no redirect with its token', async () => {
    await using repository = await aHostileRepository()
    await using elsewhere = await aServer(repository)
    await using server = await aServer(repository, (request, response) =>
      response.writeHead(302, { location: elsewhere.url + (request.url ?? '').slice('/eve/shop.git'.length) }).end(),
    )
    await expect(fetched(server.url, '1'.repeat(40))).rejects.toMatchObject({ code: 'CHECKOUT_FAILED' })
    expect(elsewhere.requests).toEqual([])
  })

  test('shows the token nowhere: no command line while git runs, nothing that is thrown', async () => {
    await using repository = await aHostileRepository()
    const sha = await repository.commit(await repository.tree([await file(repository, 'a', 'x')]))
    const secret = TOKEN.slice('Bearer '.length)
    const [seen, leaked]: string[][] = [[], []]
    await using server = await aServer(repository, undefined, async () => {
      seen?.push(...(await commandLines('shop.git')))
      leaked?.push(...(await commandLines(secret)))
    })
    await fetched(server.url, sha)
    expect(seen).not.toEqual([])
    expect(leaked).toEqual([])
    const failures = await Promise.all(
      ['2'.repeat(40), sha].map((commit, n) =>
        fetched(n === 0 ? server.url : server.url.replace('shop', 'gone/shop'), commit).catch((err: unknown) => err),
      ),
    )
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'CHECKOUT_FAILED' })
      expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(secret)
    }
  })
})

/** Command lines of this machine's processes that contain the text. */
const commandLines = async (text: string): Promise<string[]> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(text))
}

/** Bytes that cannot be packed smaller, the same every time. */
const noise = (bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  let state = 1
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    buffer[at] = state >>> 16
  }
  return buffer
}
