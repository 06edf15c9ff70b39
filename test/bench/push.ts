import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { assembleContext } from '@pushfn/images/context'
import { findTemplate } from '@pushfn/images/templates'
import startServers from '@pushfn/local/vitest-servers'
import prepareEngine from '@pushfn/local/vitest-world'
import type { BuildEvent } from '@pushfn/model/build-event'
import { readBuildLog } from '@pushfn/store/build-log'
import { openDatabase } from '@pushfn/store/database'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/**
 * Push → live for a change of a handler alone, beside its floor: what the same four things cost by hand, one after the
 * other, in the same run and in turns: `git push` and shallow `git clone` over HTTP, `docker build` of the same template,
 * `docker run` until the first 200. Options: `--runs 10`.
 */
const execute = promisify(execFile)
/** The engine's own client where its package put one: a client from elsewhere may lack BuildKit. */
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const runs = Number(process.argv[process.argv.indexOf('--runs') + 1] || 10) || 10

const handler = (marker: string) =>
  `module.exports = async (event, context) => context.status(200).succeed('${marker}')\n`
const STACK = 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n'

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** Asks until the answer is `body`. */
const untilAnswer = async (url: string, body: string): Promise<void> => {
  for (;;) {
    const text = await localFetch(url)
      .then((answer) => answer.text())
      .catch(() => '')
    if (text === body) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return (low + high) / 2
}

const PARTS = ['git push', 'git clone', 'docker build', 'docker run → 200'] as const
type Floor = Record<(typeof PARTS)[number], number>

/** The four things by hand, on a plain Git server and the engine's own command line. */
const floorOnce = async (scene: { copy: WorkingCopy; url: string; folder: string; n: number }): Promise<Floor> => {
  const { copy, url, folder, n } = scene
  const marker = `floor ${n}`
  await copy.write({ 'hello/handler.js': handler(marker) })
  await copy.commit()
  const push = await timed(() => copy.push(url))
  const clone = join(folder, `clone-${n}`)
  const cloned = await timed(() => execute('git', ['clone', '--quiet', '--depth=1', url, clone]))
  const context = join(folder, 'context')
  await cp(join(clone, 'hello'), join(context, 'function'), { recursive: true })
  const tag = 'pushfn-bench-floor'
  const args = [
    'build',
    '--quiet',
    '-t',
    tag,
    '--build-arg',
    `BASE_IMAGE=${process.env.PUSHFN_TEST_BASE_IMAGE}`,
    context,
  ]
  const built = await timed(() => execute(DOCKER, args, { env: { ...process.env, DOCKER_BUILDKIT: '1' } }))
  let id = ''
  const ran = await timed(async () => {
    id = (await execute(DOCKER, ['run', '--detach', tag])).stdout.trim()
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const { stdout } = await execute(DOCKER, ['inspect', '--format', format, id])
    await untilAnswer(`http://${stdout.trim()}:8080/`, marker)
  })
  await execute(DOCKER, ['rm', '--force', '--volumes', id])
  return { 'git push': push, 'git clone': cloned, 'docker build': built, 'docker run → 200': ran }
}

/** The template's files with the handler's place left free. */
const writeContext = async (copy: WorkingCopy, folder: string): Promise<void> => {
  const fn = { name: 'hello', lang: 'node24', handler: './hello', buildArgs: {}, buildOptions: [], copy: [] }
  const sources = {
    stackFile: 'stack.yml',
    root: copy.folder,
    areOwnTemplatesAllowed: false,
    isDockerfileAllowed: false,
  }
  const template = await findTemplate(fn, sources)
  const context = await assembleContext(fn, template, sources)
  for (const file of context.files) {
    await mkdir(dirname(join(folder, file.path)), { recursive: true })
    await writeFile(join(folder, file.path), file.bytes)
  }
}

/** Times of the pipeline's steps, of the newest build. */
const lastSteps = async (world: World): Promise<Record<string, number>> => {
  const db = openDatabase(world.databaseUrl, 1)
  try {
    const build = await db.build.findFirstOrThrow({ where: { state: 'live' }, orderBy: { id: 'desc' } })
    const events: BuildEvent[] = (await readBuildLog(db, build.id)) ?? []
    return Object.fromEntries(
      events.flatMap((event) =>
        event.kind === 'step' && event.status === 'finished' ? [[event.step, event.ms ?? 0]] : [],
      ),
    )
  } finally {
    await db.$disconnect()
  }
}

const measure = async (world: World, folder: string) => {
  const tenant = await aTenantOf(world)
  const owner = world.github.createAccount('floor')
  const plain = await world.github.createRepository({ owner, name: 'hello' })
  await using ours = await aWorkingCopy()
  await using hand = await aWorkingCopy()
  for (const copy of [ours, hand]) await copy.write({ 'stack.yml': STACK, 'hello/handler.js': handler('first') })
  await writeContext(hand, join(folder, 'context'))
  const url = world.functionUrl(tenant.slug, 'hello')

  const floors: Floor[] = []
  const lives: number[] = []
  const steps: Record<string, number>[] = []
  // The first round makes caches and networks, and is not counted.
  for (let n = 0; n <= runs; n++) {
    const floor = await floorOnce({ copy: hand, url: world.github.pushUrl(plain), folder, n })
    const marker = `ours ${n}`
    await ours.write({ 'hello/handler.js': handler(marker) })
    await ours.commit()
    const pushing = performance.now()
    const pushed = ours.push(tenant.gitUrl('hello'))
    await untilAnswer(url, marker)
    const live = performance.now() - pushing
    await pushed
    if (n === 0) continue
    floors.push(floor)
    lives.push(live)
    steps.push(await lastSteps(world))
    process.stdout.write(`run ${n}: floor ${sum(floor).toFixed(0)} ms, ours ${live.toFixed(0)} ms\n`)
  }
  return { floors, lives, steps }
}

const sum = (floor: Floor): number => PARTS.reduce((total, part) => total + floor[part], 0)

const stopServers = await startServers()
await prepareEngine()
const folder = await mkdtemp(join(tmpdir(), 'pushfn-bench-'))
try {
  await using world = await startWorld({ env: { LOG_LEVEL: 'info' } })
  const { floors, lives, steps } = await measure(world, folder)
  const floor = median(floors.map(sum))
  const ours = median(lives)
  const row = (name: string, ms: number) => `${name.padEnd(24)}${ms.toFixed(0).padStart(7)} ms\n`
  process.stdout.write(`\npush → live, median of ${runs}, a handler changed\n\nby hand\n`)
  for (const part of PARTS) process.stdout.write(row(`  ${part}`, median(floors.map((one) => one[part]))))
  process.stdout.write(`${row('  together', floor)}\nPushfn\n`)
  for (const step of Object.keys(steps[0] ?? {}))
    process.stdout.write(row(`  ${step}`, median(steps.map((one) => one[step] ?? 0))))
  const inSteps = median(steps.map((one) => Object.values(one).reduce((total, ms) => total + ms, 0)))
  process.stdout.write(
    `${row('  git, bells, gateway', ours - inSteps)}${row('  together', ours)}\nratio ${(ours / floor).toFixed(2)}\n`,
  )
  const seconds = (ms: number) => Math.round(ms) / 1000
  const result = {
    bench: 'push',
    ratio: Math.round((ours / floor) * 100) / 100,
    ours: seconds(ours),
    floor: seconds(floor),
    unit: 's',
    runs,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
} finally {
  await execute(DOCKER, ['rmi', '--force', 'pushfn-bench-floor']).catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
  await stopServers()
}
