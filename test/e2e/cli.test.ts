import { randomUUID } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findFreePort } from '@pushfn/local/free-port'
import {
  BuildPage,
  DomainList,
  DomainView,
  FunctionList,
  LoginLinkView,
  NewTokenView,
  Problem,
  SessionView,
  TenantLimitsView,
  TokenList,
} from '@pushfn/model/api'
import { RevisionList } from '@pushfn/model/api-revisions'
import { DeadLetterList } from '@pushfn/model/async-call'
import { BuildEvent } from '@pushfn/model/build-event'
import { parseSealedSecrets } from '@pushfn/model/parse-sealed-secrets'
import { SecretList, SecretView } from '@pushfn/model/secret'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { aWorkingCopy } from '../support/git-repository.ts'
import { aCommandLine, type CommandLine, type Ended } from '../support/pushfn.ts'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant, type PlayedBuild, playBuild } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

let stage: ConsoleStage
let owner: ConsoleTenant
let stranger: ConsoleTenant
let live: PlayedBuild
/** As the owner, as the stranger, and as who has a token of nobody. */
let us: CommandLine
let them: CommandLine
let nobody: CommandLine
const undo = new AsyncDisposableStack()

/** In the place of the gateway, it tells what it is sent. */
const echo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { method, url, headers } = request
  const body = await text(request)
  response.statusCode = url?.includes('fails') ? 503 : url?.startsWith('/async-function/') ? 202 : 200
  response.setHeader('x-call-id', 'call-1')
  response.end(JSON.stringify({ method, url, host: headers.host, authorization: headers.authorization ?? null, body }))
}

beforeAll(async () => {
  const port = await findFreePort()
  const gateway = createServer((request, response) => void echo(request, response)).listen(port, '127.0.0.1')
  undo.defer(async () => {
    gateway.close()
    gateway.closeAllConnections()
  })
  stage = undo.use(await startConsole({ FUNCTIONS_URL: `http://fn.localhost:${port}`, DNS_SERVERS: '127.0.0.1:9' }))
  owner = await aConsoleTenant(stage, 'owner')
  stranger = await aConsoleTenant(stage, 'stranger')
  live = await aPlayedBuild(stage, owner, { message: 'Say hello' })
  await live.say({ kind: 'state', state: 'building' }, { kind: 'log', text: 'it is built', level: 'info' })
  await live.goLive('hello')
  await live.say({ kind: 'state', state: 'live' })
  const as = async (token: string) =>
    undo.use(await aCommandLine({ PUSHFN_URL: stage.consoleUrl, PUSHFN_TOKEN: token }))
  us = await as(owner.token)
  them = await as(stranger.token)
  nobody = await as('pf_a-token-of-nobody')
})
afterAll(() => undo.disposeAsync())

/** What asks the cloud: its arguments, and what a `--json` answer is by the model. */
const COMMANDS: [args: string, schema: z.ZodType, code?: number][] = [
  ['whoami', SessionView],
  ['ls', FunctionList],
  ['revisions hello', RevisionList],
  ['builds', BuildPage],
  ['builds --limit 1', BuildPage],
  ['schedule ls', FunctionList],
  ['deadletters ls hello', DeadLetterList],
  ['domain ls', DomainList],
  ['domain add shop.example.com --function hello', DomainView],
  ['domain verify gone.example.com', Problem, 1],
  ['domain rm gone.example.com', Problem, 1],
  ['token ls', TokenList],
  ['token create ci --role viewer --days 7', NewTokenView],
  ['token revoke 0199b6a0-0000-7000-8000-000000000000', Problem, 1],
  ['secret ls', SecretList],
  ['secret rm gone', Problem, 1],
  ['login --link', LoginLinkView],
  ['tenant limits', TenantLimitsView],
  ['tenant limits --default', Problem, 1],
  ['tenant create another', Problem, 1],
  ['canary show hello', Problem, 1],
  ['canary start hello 1a2b3c4d --weight 5', Problem, 1],
  ['rollback hello', Problem, 1],
  ['promote hello 1a2b3c4d', Problem, 1],
  ['open gone', Problem, 1],
  ['builds 0199b6a0-0000-7000-8000-000000000000', Problem, 1],
  ['deploy --ref nowhere --name shop', Problem, 1],
]

/** Some side by side: a process each. */
const each = async <T>(rows: readonly T[], work: (row: T) => Promise<void>): Promise<void> => {
  for (let n = 0; n < rows.length; n += 4) await Promise.all(rows.slice(n, n + 4).map(work))
}

/** All ask in one way: one that reads, one that changes, one that streams, one that does several things. */
const SOME = [
  'ls',
  'domain add shop.example.com',
  'builds 0199b6a0-0000-7000-8000-000000000000',
  'deploy --ref main --name shop',
]

describe('a command that asks the cloud', () => {
  test('answers in the API’s own shapes with --json, errors as problems, and ends accordingly', async () => {
    await each(COMMANDS, async ([args, schema, code = 0]) => {
      const ended = await us.run(['--json', ...args.split(' ')])
      expect(ended, args).toMatchObject({ code, [code === 0 ? 'stderr' : 'stdout']: '' })
      const said = JSON.parse(code === 0 ? ended.stdout : ended.stderr)
      expect(schema.safeParse(said).error, args).toBeUndefined()
    })
  })

  test.each([
    ['who is not signed in', () => ({ PUSHFN_URL: '', PUSHFN_TOKEN: '' }), 'pushfn login'],
    ['a token of nobody', () => ({ PUSHFN_TOKEN: 'pf_a-token-of-nobody' }), 'does not know this token'],
    ['where no cloud answers', () => ({ PUSHFN_URL: 'http://127.0.0.1:9' }), 'cannot be reached'],
  ])('ends with 3 for %s, and says what to do', async (_who, env, said) => {
    await each(SOME, async (args) => {
      const ended = await us.run(args.split(' '), { env: env() })
      expect(ended, args).toMatchObject({ code: 3, stdout: '' })
      expect(ended.stderr, args).toContain(said)
      expect(ended.stderr, args).not.toContain('pf_')
    })
  })

  test('finds no other tenant', async () => {
    await each(SOME, async (args) => {
      const ended = await them.run(['--tenant', 'owner', ...args.split(' ')])
      expect(ended, args).toMatchObject({ code: 1, stdout: '' })
    })
  })
})

test.each([
  ['nonsense', 'unknown command'],
  ['ls --nonsense', 'unknown option'],
  ['invoke', 'missing required argument'],
  ['domain', 'Usage:'],
  ['rollback hello --to yesterday', 'neither a revision nor a commit'],
  ['rollback ..', 'is no function'],
  ['canary start hello 1a2b3c4d', '--weight'],
  ['tenant limits --burst 5', 'together'],
  ['login http://console.example.com', 'not encrypted'],
  ['ls --cloud http://console.example.com', 'not encrypted'],
  ['completion powershell', 'bash, zsh, fish'],
])('“%s” is wrong usage: 2, and a word about it', async (args, said) => {
  const ended = await us.run(args.split(' '))
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toContain(said)
})

test('without a terminal there is text for 80 columns, and no colour', async () => {
  const { stdout } = await us.run(['ls'])
  const lines = stdout.replace(/\d+ (?:s|min)\b/, 'NOW').replace(/:\d+\/hello/, ':PORT/hello')
  const sha = /[0-9a-f]{8}/.exec(stdout)?.[0]
  expect(lines.replace(String(sha), 'COMMIT').replace(/ +/g, ' ').trimEnd().split('\n')).toEqual([
    'FUNCTION STATE REPLICAS COMMIT AGE URL',
    'hello live 1 COMMIT NOW http://owner.fn.localhost:PORT/hello',
  ])
  const long = await aPlayedBuild(stage, owner, { message: `\u001b[31m${'long words '.repeat(20)}` })
  await long.say({ kind: 'state', state: 'live' })
  const builds = (await us.run(['builds'])).stdout
  expect(builds).toContain('Say hello')
  expect(builds).not.toContain('\u001b')
  for (const line of builds.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

describe('signing in', () => {
  test('takes a token from standard input, checks it, and keeps it for oneself', async () => {
    await using somebody = await aCommandLine()
    const config = join(somebody.home, '.config/pushfn/config.json')
    const refused = await somebody.run(['login', stage.consoleUrl], { input: 'pf_a-token-of-nobody\n' })
    expect(refused.code).toBe(3)
    await expect(stat(config)).rejects.toThrow('ENOENT')

    const login = await somebody.run(['login', stage.consoleUrl, '--token', '-'], { input: `${owner.token}\n` })
    expect(login).toMatchObject({ code: 0, stdout: `signed in to ${stage.consoleUrl} as owner\n`, stderr: '' })
    expect((await stat(config)).mode & 0o777).toBe(0o600)
    expect((await somebody.run(['ls'])).stdout).toContain('hello')

    const again = await somebody.run(['login'], { input: stranger.token })
    expect(again.stdout).toContain('as stranger')
    expect((await somebody.run(['whoami'])).stdout).toContain('stranger as owner at')
    expect((await somebody.run(['logout'])).code).toBe(0)
    expect((await somebody.run(['ls'])).code).toBe(3)
    expect(await readFile(config, 'utf8')).not.toContain('pf_')
  })

  test('takes no token from the arguments, and does not repeat it', async () => {
    const ended = await us.run(['login', stage.consoleUrl, '--token', owner.token])
    expect(ended.code).toBe(2)
    expect(ended.stdout + ended.stderr).not.toContain(owner.token)
  })

  test('as an operator, one says which tenant it is about', async () => {
    const env = { PUSHFN_TOKEN: stage.operatorToken }
    expect((await us.run(['ls'], { env })).code).toBe(2)
    expect((await us.run(['ls', '--tenant', 'owner'], { env })).stdout).toContain('hello')
    expect((await us.run(['tenant', 'create', 'another'], { env })).stdout).toBe('another is made\n')
    const set = '--requests-per-second 5 --burst 10 --concurrent-requests none'
    const view = await us.run(['--json', 'tenant', 'limits', 'another', ...set.split(' ')], { env })
    expect(JSON.parse(view.stdout)).toEqual({
      limits: { requestsPerSecond: 5, burst: 10, concurrentRequests: null },
    })
  })
})

describe('a build that is followed', () => {
  const withText = (ended: Ended, said: string) => ended.stdout.split('\n').filter((line) => line.includes(said)).length

  test('is told from its beginning, and its end is the command’s', async () => {
    const ended = await us.run(['builds', live.id])
    expect(ended.code).toBe(0)
    expect(withText(ended, 'it is built')).toBe(1)
    const failed = await aPlayedBuild(stage, owner)
    await failed.say({ kind: 'state', state: 'failed', reason: 'stack.yml:3: no such template' })
    const end = await us.run(['builds', failed.id])
    expect(end.code).toBe(1)
    expect(end.stdout).toContain('no such template')
    expect(end.stderr).toContain(`${stage.consoleUrl}/builds/${failed.id}`)
  })

  test('goes on over an api that is started anew, each event once', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'state', state: 'building' }, { kind: 'log', text: 'before', level: 'info' })
    const following = us.start(['--json', 'builds', build.id])
    await expect.poll(following.said, { timeout: 20_000 }).toContain('before')
    await stage.restart()
    await build.say({ kind: 'log', text: 'after', level: 'info' }, { kind: 'state', state: 'live' })
    const ended = await following.ended
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const events = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => BuildEvent.parse(JSON.parse(line)))
    expect(events.map((event) => (event.kind === 'log' ? event.text : event.kind === 'state' && event.state))).toEqual([
      'building',
      'before',
      'after',
      'live',
    ])
  })

  test('is left by Ctrl-C, and the token is nowhere among the arguments meanwhile', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'state', state: 'building' })
    const following = us.start(['builds', build.id])
    await expect.poll(following.said, { timeout: 20_000 }).toContain('building')
    const line = await readFile(`/proc/${following.child.pid}/cmdline`, 'utf8')
    expect(line).toContain(build.id)
    expect(line).not.toContain(owner.token)
    following.child.kill('SIGINT')
    expect(await following.ended).toMatchObject({ code: 130, stderr: '' })
    await build.say({ kind: 'state', state: 'live' })
  })
})

describe('a call', () => {
  const called = async (...args: string[]) => JSON.parse((await us.run(['invoke', 'hello', ...args])).stdout)

  test('is the caller’s own: method, path, headers and body', async () => {
    expect(await called()).toMatchObject({ method: 'GET', url: '/hello', authorization: null, body: '' })
    expect(await called('-d', '{"a":1}')).toMatchObject({ method: 'POST', body: '{"a":1}' })
    expect(await called('-X', 'PUT', '-p', 'orders?open=1')).toMatchObject({
      method: 'PUT',
      url: '/hello/orders?open=1',
    })
    expect(await called('--async', '-d', 'x')).toMatchObject({
      method: 'POST',
      url: '/async-function/hello',
      body: 'x',
    })
    expect(await called('-H', 'Authorization: Basic abc')).toMatchObject({ authorization: 'Basic abc' })
    const piped = await us.run(['invoke', 'hello', '-d', '-'], { input: 'piped in' })
    expect(JSON.parse(piped.stdout)).toMatchObject({ body: 'piped in', host: expect.stringContaining('owner.fn.') })
  })

  test('carries the token only where that is asked for', async () => {
    expect((await called('--auth')).authorization).toBe(`Bearer ${owner.token}`)
  })

  test('ends with 1 when the function fails, and never leaves the function', async () => {
    const failed = await us.run(['--json', 'invoke', 'hello', '-p', '/fails'])
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stdout)).toMatchObject({ status: 503, body: { encoding: 'utf8' } })
    expect((await us.run(['invoke', 'hello', '-p', '/../else'])).code).toBe(2)
    expect((await us.run(['invoke', 'hello', '-H', 'A: b\r\nC: d'])).code).toBe(2)
  })
})

test('a secret comes from standard input or a file, byte by byte, and is never told again', async () => {
  await using copy = await aWorkingCopy()
  await copy.write({ key: 'in a file\n' })
  const set = (name: string, input: string, ...args: string[]) =>
    us.run(['--json', 'secret', 'set', name, ...args], { input, folder: copy.folder })
  const ended = [await set('piped', 'hunter2\n'), await set('kept', '', '--file', 'key', '--exact')]
  for (const { code, stdout, stderr } of ended) {
    expect(code, stderr).toBe(0)
    expect(SecretView.safeParse(JSON.parse(stdout)).error).toBeUndefined()
    expect(stdout + stderr).not.toMatch(/hunter2|in a file/)
  }
  expect((await us.run(['secret', 'ls'])).stdout).toMatch(/^kept .*\npiped /m)
  expect((await them.run(['secret', 'ls'])).stdout).toContain('stranger has no secrets')
  expect(await set('empty', '')).toMatchObject({ code: 1, stdout: '' })
  const sealed = await us.run(['secret', 'seal', 'hello', 'db-password'], { input: 'hunter2', folder: copy.folder })
  expect(sealed).toMatchObject({ code: 0, stderr: '' })
  const written = await readFile(join(copy.folder, 'secrets.yml'), 'utf8')
  expect(parseSealedSecrets(written, 'secrets.yml')).toMatchObject({
    entries: [{ function: 'hello', name: 'db-password' }],
  })
  expect((await us.run(['secret', 'rm', 'piped'])).stdout).toBe('piped is removed\n')
})

describe('a deploy of the working directory', () => {
  /** Notes each call of git, and where it is told to, waits. */
  const watched = (log: string, hangAt?: string) =>
    [
      `printf '%s\\n' "$*" >> ${log}`,
      ...(hangAt ? [`case "$1" in ${hangAt}) exec sleep 60;; esac`] : []),
      'PATH=$(printf %s "$PATH" | sed "s/^[^:]*://") exec git "$@"',
    ].join('\n')

  test('is built of what stands there, and moves no branch; no argument of git’s has the token', async () => {
    await using somebody = await aCommandLine({ PUSHFN_URL: stage.consoleUrl, PUSHFN_TOKEN: owner.token })
    const log = join(somebody.home, 'git.log')
    await somebody.replace('git', watched(log))
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    const head = await copy.git('rev-parse', 'HEAD')
    const deployOnce = async (said: string) => {
      await copy.write({ 'hello/words.txt': said })
      const deploy = somebody.start(['deploy', '--name', 'parcel'], { folder: copy.folder })
      const build = await Promise.race([
        expectQueued(),
        deploy.ended.then((ended) => Promise.reject(new Error(JSON.stringify(ended)))),
      ])
      const { sha } = build.push
      const played = await playBuild(stage, owner, { buildId: build.id })
      await played.say({ kind: 'state', state: 'live' })
      expect(await deploy.ended).toMatchObject({ code: 0, stderr: '' })
      return sha
    }
    const expectQueued = async () => {
      const of = { state: 'queued' as const, push: { repository: { name: 'parcel' } } }
      const find = () => stage.db.build.findFirst({ where: of, include: { push: true } })
      await expect.poll(find, { timeout: 30_000 }).not.toBeNull()
      const found = await find()
      if (!found) throw new Error('it is gone')
      expect(found.push).toMatchObject({ ref: 'refs/heads/main', trigger: 'deploy' })
      return found
    }
    const first = await deployOnce('one')
    const second = await deployOnce('two')

    const url = `http://git:${owner.token}@${new URL(stage.consoleUrl).host}/git/owner/parcel.git`
    expect(await copy.git('ls-remote', url)).toBe(`${second}\trefs/deploys/folder`)
    await copy.git('fetch', '--quiet', url, 'refs/deploys/folder')
    expect(await copy.git('show', 'FETCH_HEAD:hello/words.txt')).toBe('two')
    expect(await copy.git('rev-parse', 'FETCH_HEAD^')).toBe(first)
    expect(await copy.git('rev-parse', 'HEAD')).toBe(head)
    expect(await readdir(somebody.scratch)).toEqual([])
    const calls = await readFile(log, 'utf8')
    expect(calls).toMatch(/^push /m)
    expect(calls).not.toContain(owner.token)
    expect(calls).not.toContain(Buffer.from(`pushfn:${owner.token}`).toString('base64'))
  })

  test('that is left by Ctrl-C leaves nothing behind', async () => {
    await using somebody = await aCommandLine({ PUSHFN_URL: stage.consoleUrl, PUSHFN_TOKEN: owner.token })
    const log = join(somebody.home, 'git.log')
    await somebody.replace('git', watched(log, 'push'))
    await using copy = await aWorkingCopy('hello')
    const deploy = somebody.start(['deploy', '--name', 'left'], { folder: copy.folder })
    await expect.poll(() => readFile(log, 'utf8').catch(() => ''), { timeout: 30_000 }).toMatch(/^push /m)
    deploy.child.kill('SIGINT')
    expect(await deploy.ended).toMatchObject({ code: 130, stdout: '', stderr: '' })
    expect(await readdir(somebody.scratch)).toEqual([])
  })

  test('is refused to who may not push, and where the repositories are elsewhere', async () => {
    await using copy = await aWorkingCopy('hello')
    const elsewhere = await aConsoleTenant(stage, 'elsewhere')
    await stage.db.tenant.update({
      where: { id: elsewhere.tenant.id },
      data: { forge: 'github', forgeAccountId: randomUUID(), login: 'Octo-Cat' },
    })
    const refused = async (token: string) => {
      const ended = await us.run(['deploy'], { folder: copy.folder, env: { PUSHFN_TOKEN: token } })
      return [ended.code, ended.stderr]
    }
    expect(await refused(elsewhere.token)).toEqual([2, expect.stringContaining('elsewhere are at github')])
    expect(await refused(stage.operatorToken)).toEqual([2, expect.stringContaining('--tenant')])
    const made = await us.run(['token', 'create', 'looks on', '--role', 'viewer'])
    const [code, said] = await refused(made.stdout.trim())
    expect(code).toBe(1)
    expect(said).not.toContain('pf_')
    expect((await us.run(['deploy'])).stderr).toContain('there is no stack.yml')
  })
})

test('the doctor tells what is well and what is not, with the place', async () => {
  await using copy = await aWorkingCopy('hello')
  const well = await us.run(['--json', 'doctor'], { folder: copy.folder })
  const checks = (ended: Ended) =>
    Object.fromEntries(
      JSON.parse(ended.stdout).checks.map((check: { name: string; status: string }) => [check.name, check.status]),
    )
  expect(checks(well)).toEqual({
    'signed in': 'ok',
    reachable: 'ok',
    versions: 'ok',
    clock: 'ok',
    token: expect.stringMatching(/ok|warning/),
    git: 'ok',
    'stack.yml': 'ok',
  })
  expect(well.code).toBe(0)
  await copy.write({ 'stack.yml': 'functions:\n  hello:\n    lang: 7\n' })
  const ill = await us.run(['doctor'], { folder: copy.folder })
  expect(ill.code).toBe(1)
  expect(ill.stdout).toMatch(/stack\.yml:3:\d+/)
  expect(checks(await nobody.run(['--json', 'doctor']))).toMatchObject({ reachable: 'ok', token: 'wrong' })
})
