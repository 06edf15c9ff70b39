import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Repository } from '../support/github/world.ts'
import {
  aCopyOf,
  callingMeanwhile,
  expectNoLitter,
  good,
  networksOf,
  openStage,
  type Stage,
  type Tree,
} from './bad-input-stage.ts'

/** What a tenant gets wrong, as GitHub shows it: on the commit, and annotated in the check where a line is to blame. */
let stage: Stage
let repository: Repository
beforeAll(async () => {
  stage = await openStage()
  const { github } = stage.world
  const account = github.createAccount('ada')
  repository = await github.createRepository({ owner: account, name: 'shop' })
  await github.install(account)
  await using copy = await aCopyOf(good)
  await copy.push(github.pushUrl(repository))
  await github.waitForStatus(await copy.git('rev-parse', 'HEAD'), 'stack-deploy', 'success')
})
afterAll(() => stage[Symbol.asyncDispose]())

const base = process.env.PUSHFN_TEST_BASE_IMAGE ?? ''
const hello = good.files['stack.yml'] ?? ''

interface Case {
  tree: Tree
  /** The titles of the failing check runs, by name. */
  statuses: Record<string, string>
  annotations: { path: string; start_line: number }[]
}

test.each<[string, Case]>([
  [
    'a stack with wrong types',
    {
      tree: { files: { 'stack.yml': hello.replace('./hello', '[./hello]') } },
      statuses: { 'stack-deploy': 'stack.yml:4:5: functions.hello.handler must be text, but is a list' },
      annotations: [{ path: 'stack.yml', start_line: 4 }],
    },
  ],
  [
    'a symlink out of the tree',
    {
      tree: { ...good, links: { 'hello/passwd': '/etc/passwd' } },
      statuses: {
        'stack-deploy': 'hello/passwd is a symlink that leaves the repository: replace it by the file itself',
      },
      annotations: [{ path: 'hello/passwd', start_line: 1 }],
    },
  ],
  [
    'a handler that does not compile',
    {
      tree: { files: { 'stack.yml': hello, 'hello/handler.js': 'module.exports = async () => {\n  return 1 +\n}\n' } },
      statuses: { 'stack-deploy': 'hello/handler.js:3:1: does not compile: Unexpected token' },
      annotations: [{ path: 'hello/handler.js', start_line: 3 }],
    },
  ],
  [
    'a Dockerfile that fails',
    {
      tree: {
        files: {
          'stack.yml': hello.replace('node24', 'dockerfile'),
          'hello/Dockerfile': `FROM ${base}\nRUN echo no such thing && exit 3\n`,
        },
      },
      statuses: {
        'stack-deploy': 'hello/Dockerfile:2: RUN echo no such thing && exit 3 failed: exit code 3 no such thing',
        hello: 'hello/Dockerfile:2: RUN echo no such thing && exit 3 failed: exit code 3 no such thing',
      },
      annotations: [{ path: 'hello/Dockerfile', start_line: 2 }],
    },
  ],
  [
    'a compiler that names a line of the handler',
    {
      tree: {
        files: {
          'stack.yml': hello.replace('node24', 'dockerfile'),
          'hello/Dockerfile': `FROM ${base}\nCOPY . /app/\nRUN cd /app && grep -n wrong src/x.ts | sed 's/:.*/,5): error TS2322: it is wrong/;s/^/src\\/x.ts(/' && exit 2\n`,
          'hello/src/x.ts': 'right\nwrong\n',
        },
      },
      statuses: { 'stack-deploy': 'hello/Dockerfile:3: RUN cd /app', hello: 'hello/Dockerfile:3: RUN cd /app' },
      annotations: [
        { path: 'hello/Dockerfile', start_line: 3 },
        { path: 'hello/src/x.ts', start_line: 2 },
      ],
    },
  ],
  [
    'a function that crashes at its start',
    {
      tree: { files: { 'stack.yml': hello, 'hello/handler.js': "throw new Error('no database')\n" } },
      statuses: {
        'stack-deploy': 'function “hello” ended with exit code 1 before it was ready; it said last: Error: no database',
        hello: 'function “hello” ended with exit code 1 before it was ready; it said last: Error: no database',
      },
      annotations: [{ path: 'hello/handler.js', start_line: 1 }],
    },
  ],
])('%s', async (_, { tree, statuses, annotations }) => {
  const { github } = stage.world
  await using copy = await aCopyOf(tree)
  const sha = await copy.git('rev-parse', 'HEAD')
  const networks = await networksOf(stage)
  const { answers } = await callingMeanwhile(stage.world.functionUrl('ada', 'hello'), async () => {
    await copy.push(github.pushUrl(repository), 'main', '--force')
    for (const context of Object.keys(statuses)) await github.waitForStatus(sha, context, 'failure')
  })
  expect(answers).toEqual(['200 old'])

  const failing = github.statusesOf(sha).filter((status) => status.state !== 'pending')
  expect(failing.map((status) => status.context).toSorted()).toEqual(Object.keys(statuses).toSorted())
  for (const { context, state, description } of failing) {
    expect(state).toBe('failure')
    expect(description?.slice(0, statuses[context]?.length)).toBe(statuses[context])
  }
  const checks = github.checksOf(sha)
  expect(checks.map(({ fields }) => [fields.name, fields.conclusion]).toSorted()).toEqual(
    Object.keys(statuses)
      .toSorted()
      .map((name) => [name, 'failure']),
  )
  // Each line is annotated once, by the check of the function that it is of where there is one.
  expect(checks.flatMap((check) => check.annotations)).toMatchObject(annotations)
  const [, build = ''] = /\/builds\/([0-9a-f-]{36})/.exec(failing[0]?.targetUrl ?? '') ?? []
  await expectNoLitter(stage, build, networks)
})

test('a repository without a stack is no failure: the status is success, the check neutral', async () => {
  const { github } = stage.world
  await using copy = await aCopyOf({ files: { 'README.md': '' } })
  const sha = await copy.git('rev-parse', 'HEAD')
  await copy.push(github.pushUrl(repository), 'main', '--force')
  const status = await github.waitForStatus(sha, 'stack-deploy', 'success')
  expect(status.description).toBe('there is no stack.yml at the root of the repository: nothing is built')
  await expect.poll(() => github.checksOf(sha).at(0)?.fields.conclusion, { timeout: 20_000 }).toBe('neutral')
})
