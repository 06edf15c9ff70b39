import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { startWorld, type World } from '../support/world.ts'

/** A cloud whose functions have little time to get ready, and whose data folder can be looked into. */
export interface Stage extends AsyncDisposable {
  world: World
  dataDir: string
}

export const openStage = async (env: Record<string, string> = {}): Promise<Stage> => {
  await using undo = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'pushfn-data-'))
  undo.defer(() => rm(dataDir, { recursive: true, force: true }))
  const world = undo.use(await startWorld({ env: { DATA_DIR: dataDir, READY_LIMIT_MS: '3000', ...env } }))
  const end = undo.move()
  return { world, dataDir, [Symbol.asyncDispose]: () => end.disposeAsync() }
}

/** What a working copy holds: files by path, and symlinks by path with their targets. */
export interface Tree {
  files: Record<string, string>
  links?: Record<string, string>
}

export const handler = (text: string): string =>
  `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`

export const good: Tree = {
  files: {
    'stack.yml': 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n',
    'hello/handler.js': handler('old'),
  },
}

export const aCopyOf = async (tree: Tree): Promise<WorkingCopy> => {
  const copy = await aWorkingCopy()
  await copy.write(tree.files)
  for (const [path, target] of Object.entries(tree.links ?? {})) await copy.link(path, target)
  await copy.commit()
  return copy
}

/** What the pusher's terminal shows of the cloud, line by line. */
export const remoteLines = (output: string): string[] =>
  output.split('\n').flatMap((line) => (line.startsWith('remote: ') ? [line.slice('remote: '.length).trimEnd()] : []))

/** Why the build failed, as the push's output says it: told once, and nowhere else in it. */
export const failureIn = (output: string): string => {
  const text = remoteLines(output).join('\n')
  const [, failure, ...more] = text.split(/^FAILED: /m)
  const [, message] = /^(.*?)\nthe version before keeps serving: \S+$/s.exec(failure ?? '') ?? []
  if (message === undefined || more.length > 0) throw new Error(`not one failure at the end of:\n${output}`)
  expect(text.split(message), output).toHaveLength(2)
  return message
}

/** The build's id, from the page that the push's output names. */
export const buildIn = (output: string): string => {
  const [, id] = /\/builds\/([0-9a-f-]{36})/.exec(output) ?? []
  if (id === undefined) throw new Error(`no build in:\n${output}`)
  return id
}

/** Calls a URL without a pause while `work` goes on; returns what it gave, with every answer that was not the first’s. */
export const callingMeanwhile = async <Result>(
  url: string,
  work: () => Promise<Result>,
): Promise<{ result: Result; answers: string[]; calls: number }> => {
  const answers = new Set<string>()
  let calls = 0
  let isOver = false
  const caller = async () => {
    while (!isOver) {
      const response = await localFetch(url).catch((err: unknown) => String(err))
      answers.add(typeof response === 'string' ? response : `${response.status} ${await response.text()}`)
      calls += 1
      await sleep(20)
    }
  }
  const calling = caller()
  const result = await work().finally(() => {
    isOver = true
  })
  await calling
  return { result, answers: [...answers], calls }
}

/** Everything that a build leaves behind once it is over: on the engine by its label, on the disk by its name. */
export const litterOfBuild = async ({ world, dataDir }: Stage, build: string) => {
  const filters = { label: [`pushfn.cloud/managed=${world.cloud}`, `pushfn.cloud/build=${build}`] }
  const [containers, images, folders] = await Promise.all([
    world.docker.listContainers({ all: true, filters }),
    world.docker.listImages({ all: true, filters }),
    readdir(join(dataDir, 'builds')).catch(() => []),
  ])
  return {
    containers: containers.flatMap((container) => container.Names),
    images: images.map((image) => image.RepoTags?.join(' ') || image.Id),
    folders: folders.filter((name) => name.startsWith(build)),
  }
}

/** Nothing of the build is left, and there is no network that was not there before. */
export const expectNoLitter = async (stage: Stage, build: string, networksBefore: readonly string[]): Promise<void> => {
  await expect
    .poll(() => litterOfBuild(stage, build), { timeout: 10_000 })
    .toEqual({ containers: [], images: [], folders: [] })
  expect(await networksOf(stage)).toEqual(networksBefore)
}

export const networksOf = async ({ world }: Stage): Promise<string[]> =>
  (await litterOf(world.docker, world.cloud)).networks.map((network) => network.Name).toSorted()

/** The tenant's containers, by name. */
export const containersOf = async ({ world }: Pick<Stage, 'world'>, slug: string): Promise<string[]> =>
  (await litterOf(world.docker, world.cloud)).containers
    .filter((container) => container.Labels['pushfn.cloud/tenant'] === slug)
    .flatMap((container) => container.Names)
    .toSorted()
