import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import {
  aCopyOf,
  buildIn,
  callingMeanwhile,
  containersOf,
  expectNoLitter,
  failureIn,
  good,
  handler,
  networksOf,
  openStage,
  remoteLines,
  type Stage,
  type Tree,
} from './bad-input-stage.ts'

/**
 * What a tenant gets wrong: one clear message that names the place and the mend, the version before keeps serving, and
 * nothing of the failed build is left.
 */
let stage: Stage
let tenant: TestTenant
beforeAll(async () => {
  stage = await openStage()
  tenant = await aTenantOf(stage.world)
  await using copy = await aCopyOf(good)
  const { output } = await copy.push(tenant.gitUrl('shop'))
  expect(output).toContain('hello is live')
})
afterAll(() => stage[Symbol.asyncDispose]())

const base = process.env.PUSHFN_TEST_BASE_IMAGE ?? ''
const hello = good.files['stack.yml'] ?? ''

const stack = (text: string, files: Tree['files'] = {}): Tree => ({
  files: { ...good.files, 'stack.yml': text, ...files },
})
const code = (text: string, more = ''): Tree => stack(hello + more, { 'hello/handler.js': text })
const dockerfile = (text: string, files: Tree['files'] = {}): Tree =>
  stack(hello.replace('node24', 'dockerfile'), { 'hello/Dockerfile': text, ...files })
const server = (port: number, status: number) =>
  `require('node:http').createServer((q, s) => s.writeHead(${status}).end()).listen(${port})\n`
const serving = (port: number, status: number) =>
  dockerfile(`FROM ${base}\nCOPY server.js .\nCMD ["node", "server.js"]\n`, { 'hello/server.js': server(port, status) })

/** Pushes over what is there while somebody calls the function, and looks that nothing changed for the caller. */
const pushBad = async (tree: Tree): Promise<string> => {
  await using copy = await aCopyOf(tree)
  const url = stage.world.functionUrl(tenant.slug, 'hello')
  const [containers, networks] = [await containersOf(stage, tenant.slug), await networksOf(stage)]
  const { result, answers } = await callingMeanwhile(url, () => copy.push(tenant.gitUrl('shop'), 'main', '--force'))
  expect(answers, result.output).toEqual(['200 old'])
  await expectNoLitter(stage, buildIn(result.output), networks)
  expect(await containersOf(stage, tenant.slug)).toEqual(containers)
  return result.output
}

describe('refused before anything is built', () => {
  test.each<[string, Tree, string]>([
    [
      'broken YAML',
      stack('functions:\n  hello: {\n    lang: node24\n'),
      'stack.yml:4:1: the file is no valid YAML here: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    [
      'tabs',
      stack('functions:\n\thello:\n'),
      'stack.yml:2:1: the file is no valid YAML here: Tabs are not allowed as indentation (indent with spaces)',
    ],
    [
      'wrong types, each with its place',
      stack('functions:\n  hello:\n    lang: node24\n    handler: [./hello]\n    environment: nothing\n'),
      'stack.yml:4:5: functions.hello.handler must be text, but is a list\n' +
        'stack.yml:5:5: functions.hello.environment must be a map of names and values, but is the text "nothing"',
    ],
    ['an empty stack', stack(''), 'stack.yml:1:1: the file is empty: name at least one function under “functions:”'],
    [
      'a name that is no DNS label',
      stack(hello.replace('hello:', 'Hello_World:')),
      'stack.yml:2:3 functions.Hello_World: the function name "Hello_World" is no DNS label: lower-case letters, digits and “-” only, not first or last',
    ],
    [
      'two functions of one name',
      stack(hello + hello.replace('functions:\n', '')),
      'stack.yml:5:3: functions.hello stands twice, on line 2 and on line 5: keep one of them, or give one another name',
    ],
    [
      'an unknown template',
      stack(hello.replace('node24', 'nod24')),
      'stack.yml:3:5 functions.hello.lang: there is no template nod24: is it node24? there are bash, dockerfile, node24, python3, python3-http, static; others come by configuration.templates with a name and a source',
    ],
    [
      'a missing handler',
      stack(hello.replace('./hello', './helo')),
      'stack.yml:4:5 functions.hello.handler: there is no folder ./helo: is it ./hello?',
    ],
    [
      'a handler folder without a handler',
      { files: { 'stack.yml': hello, 'hello/README.md': '' } },
      'stack.yml:4:5 functions.hello.handler: ./hello holds no handler.js (nor handler.mjs, handler.cjs, handler.ts, handler.mts, handler.cts, handler/index.js), which node24 calls',
    ],
    [
      'a handler above the repository',
      stack(hello.replace('./hello', '../../etc')),
      'stack.yml:4:5: functions.hello.handler must be a path inside the repository, as in ./hello, but is "../../etc"',
    ],
    [
      'a handler at the machine’s root',
      stack(hello.replace('./hello', '/etc')),
      'stack.yml:4:5: functions.hello.handler must be a path inside the repository, as in ./hello, but is "/etc"',
    ],
    [
      'a symlink that climbs out of the tree',
      { ...good, links: { 'hello/passwd': '../../../../../../etc/passwd' } },
      'hello/passwd is a symlink that leaves the repository: replace it by the file itself',
    ],
    [
      'a symlink to the machine’s root',
      { ...good, links: { 'hello/passwd': '/etc/passwd' } },
      'hello/passwd is a symlink that leaves the repository: replace it by the file itself',
    ],
    [
      'a stack that is a symlink',
      { files: { 'other.yml': hello, 'hello/handler.js': '' }, links: { 'stack.yml': 'other.yml' } },
      'stack.yml: it is no plain file',
    ],
    [
      'a handler that does not compile',
      code('module.exports = async (event, context) => {\n  return 1 +\n}\n'),
      'hello/handler.js:3:1: does not compile: Unexpected token',
    ],
    [
      'a Dockerfile that chooses its frontend',
      dockerfile(`# syntax=docker/dockerfile:1\nFROM ${base}\n`),
      'hello/Dockerfile:1: a “syntax” directive chooses another frontend, which this cloud does not run: take it away',
    ],
    [
      'a Dockerfile that is not there',
      stack(hello.replace('node24', 'dockerfile')),
      'stack.yml:4:5 functions.hello.handler: ./hello holds no Dockerfile, which dockerfile calls',
    ],
    [
      'an environment file that is not there',
      stack(`${hello}    environment_file:\n      - nothing.yml\n`),
      'stack.yml:5:5 functions.hello.environment_file: there is no readable file nothing.yml in the repository',
    ],
    [
      'an environment file outside the repository',
      stack(`${hello}    environment_file:\n      - ../../etc/passwd\n`),
      'stack.yml:6:9: functions.hello.environment_file.0 must be a path inside the repository, as in ./hello, but is "../../etc/passwd"',
    ],
    [
      'a secret that is not there',
      stack(`${hello}    secrets:\n      - password\n`),
      'stack.yml:5:5 functions.hello.secrets: there is no secret “password”: set it first, by “pushfn secret set password”',
    ],
    [
      'an annotation that would leave the function open',
      stack(`${hello}    annotations:\n      auth: key\n`),
      'stack.yml:6:7: functions.hello.annotations.auth must be “token”, or not there at all, but is "key"',
    ],
    [
      'an image that nobody here built',
      stack('functions:\n  hello:\n    image: nginx\n    skip_build: true\n'),
      'stack.yml:4:5 functions.hello.skip_build: this cloud runs only what it built itself: use “lang: dockerfile” with a “FROM” line',
    ],
  ])('%s', async (_, tree, message) => {
    const output = await pushBad(tree)
    expect(failureIn(output)).toBe(message)
    expect(output).not.toContain('building hello')
  })
})

describe('failed in the build', () => {
  test.each<[string, Tree, string]>([
    [
      'a Dockerfile with a step that fails, with what the step said',
      dockerfile(`FROM ${base}\nRUN echo no such thing && exit 3\n`),
      'hello/Dockerfile:2: RUN echo no such thing && exit 3 failed: exit code 3\n  no such thing',
    ],
    [
      'a Dockerfile with a word that is none',
      dockerfile(`FROM ${base}\nFETCH x\n`),
      'hello/Dockerfile:2: dockerfile parse error line 2: unknown instruction: FETCH',
    ],
    [
      'a Dockerfile that copies what is not there',
      dockerfile(`FROM ${base}\nCOPY nothing .\n`),
      'hello/Dockerfile:2: COPY nothing . failed: failed to compute cache key: "/nothing" not found: not found',
    ],
    [
      'one function of two, while the other one’s image is built already',
      stack(`${hello}  other:\n    lang: dockerfile\n    handler: ./other\n`, {
        'hello/handler.js': handler('new'),
        'other/Dockerfile': `FROM ${base}\nRUN sleep 2; false\n`,
      }),
      'other/Dockerfile:2: RUN sleep 2; false failed: exit code 1',
    ],
  ])('%s', async (_, tree, message) => {
    expect(failureIn(await pushBad(tree))).toBe(message)
  })
})

describe('built, but never ready', () => {
  test.each<[string, Tree, string]>([
    [
      'a function that hangs at its start',
      code('for (;;) {}\n'),
      'function “hello” did not get ready within 3 s (nothing answers on port 8080: listen there, on 0.0.0.0); it said nothing',
    ],
    [
      'a function that crashes at its start, with what it said',
      code("throw new Error('no database')\n"),
      'function “hello” ended with exit code 1 before it was ready; it said last:\nError: no database',
    ],
    [
      'a function that eats its memory at its start',
      code('const eaten = []\nfor (;;) eaten.push(Buffer.alloc(16777216, 1))\n', '    limits:\n      memory: 64Mi\n'),
      'function “hello” ran out of memory before it was ready: raise limits.memory',
    ],
    [
      'a server on another port',
      serving(9090, 200),
      'function “hello” did not get ready within 3 s (nothing answers on port 8080: listen there, on 0.0.0.0); it said nothing',
    ],
    [
      'a server that answers 500 when asked for its health',
      serving(8080, 500),
      'function “hello” did not get ready within 3 s (GET /_/health answers 500: answer with 200, or name another path by the annotation com.openfaas.health.http.path); it said nothing',
    ],
    [
      'a program that is not in the image',
      dockerfile(`FROM ${base}\nCMD ["/nothing/here"]\n`),
      'function “hello” ended with exit code 127 before it was ready; it said last:\n[FATAL tini',
    ],
    [
      'an image without a command',
      dockerfile('FROM scratch\nCOPY Dockerfile /\n'),
      'function “hello” did not get ready: the image of hello cannot be started: No command specified',
    ],
    [
      'an image of a user that is not in it',
      dockerfile(`FROM ${base}\nUSER ghost\nCMD ["node"]\n`),
      'function “hello” did not get ready: the image of hello cannot be started: unable to find user ghost',
    ],
  ])('%s', async (_, tree, message) => {
    const failure = failureIn(await pushBad(tree))
    expect(failure.slice(0, message.length)).toBe(message)
  })
})

describe('bad, but no failure of the stack', () => {
  test('a repository without a stack is skipped, and its functions stay', async () => {
    await using copy = await aCopyOf({ files: { 'README.md': '' } })
    const url = stage.world.functionUrl(tenant.slug, 'hello')
    const push = () => copy.push(tenant.gitUrl('shop'), 'main', '--force')
    const { result, answers } = await callingMeanwhile(url, push)
    expect(remoteLines(result.output)).toEqual([
      'skipped: there is no stack.yml at the root of the repository: nothing is built',
    ])
    expect(answers).toEqual(['200 old'])
  })

  test('a function that another repository of the tenant has is refused, and stays that one’s', async () => {
    await using copy = await aCopyOf(code(handler('taken')))
    const url = stage.world.functionUrl(tenant.slug, 'hello')
    const { result, answers } = await callingMeanwhile(url, () => copy.push(tenant.gitUrl('other')))
    expect(failureIn(result.output)).toBe(
      'the function “hello” is deployed from another repository of this tenant: rename one of the two',
    )
    expect(answers).toEqual(['200 old'])
  })

  test('after all of it, a good push goes live', async () => {
    await using copy = await aCopyOf(code(handler('new')))
    const url = stage.world.functionUrl(tenant.slug, 'hello')
    const push = () => copy.push(tenant.gitUrl('shop'), 'main', '--force')
    const { result, answers } = await callingMeanwhile(url, push)
    expect(result.output).toContain('hello is live')
    expect(answers.filter((answer) => answer !== '200 old' && answer !== '200 new')).toEqual([])
  })
})
