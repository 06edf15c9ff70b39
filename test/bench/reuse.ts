import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import startServers from '@pushfn/local/vitest-servers'
import prepareEngine from '@pushfn/local/vitest-world'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/**
 * Push → live of a stack of many functions: all of them changed, beside one of them changed; and as the floor of that one a
 * change of the only function of a stack. In turns, in one run. Options: `--runs 5`, `--functions 50`.
 */
const option = (name: string, fallback: number) =>
  Number(process.argv[process.argv.indexOf(name) + 1] || fallback) || fallback
const runs = option('--runs', 5)
const count = option('--functions', 50)

const NAMES = Array.from({ length: count }, (_, n) => `fn-${n + 1}`)
const handler = (marker: string) =>
  `module.exports = async (event, context) => context.status(200).succeed('${marker}')\n`
const stack = (names: readonly string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`
const handlers = (names: readonly string[], marker: string) =>
  Object.fromEntries(names.map((name) => [`${name}/handler.js`, handler(`${name} ${marker}`)]))

const untilAnswer = async (url: string, body: string): Promise<void> => {
  for (const deadline = performance.now() + 600_000; performance.now() < deadline; await sleep(5)) {
    const text = await localFetch(url)
      .then((answer) => answer.text())
      .catch(() => '')
    if (text === body) return
  }
  throw new Error(`${url} does not answer ${body}`)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

interface Scene {
  world: World
  copy: WorkingCopy
  url: string
  tenant: string
}

/** Milliseconds from the push until all that changed answer anew; throws unless just those were built. */
const change = async ({ world, copy, url, tenant }: Scene, names: readonly string[], marker: string) => {
  await copy.write(handlers(names, marker))
  await copy.commit()
  const startedAt = performance.now()
  const pushed = copy.push(url)
  // One after the other: the last to answer is the one that counts, and many that ask at once would slow what they measure.
  for (const name of names) await untilAnswer(world.functionUrl(tenant, name), `${name} ${marker}`)
  const ms = performance.now() - startedAt
  const { output } = await pushed
  const built = output.match(/building \S+ …/g)?.length ?? 0
  if (built !== names.length) throw new Error(`${built} were built instead of ${names.length}:\n${output}`)
  return ms
}

const scene = async (world: World, copy: WorkingCopy, names: readonly string[]): Promise<Scene> => {
  const { slug, gitUrl } = await aTenantOf(world)
  await copy.write({ 'stack.yml': stack(names) })
  const made = { world, copy, url: gitUrl('many'), tenant: slug }
  // Caches and networks are made here, and not counted.
  await change(made, names, 'first')
  return made
}

const [only = ''] = NAMES
const stopServers = await startServers()
await prepareEngine()
try {
  await using world = await startWorld({ env: { LOG_LEVEL: 'info', READY_LIMIT_MS: '120000' } })
  await using manyCopy = await aWorkingCopy()
  await using oneCopy = await aWorkingCopy()
  const many = await scene(world, manyCopy, NAMES)
  const one = await scene(world, oneCopy, [only])
  const figures = { all: [] as number[], one: [] as number[], alone: [] as number[] }
  for (let n = 1; n <= runs; n++) {
    figures.all.push(await change(many, NAMES, `all ${n}`))
    figures.one.push(await change(many, [NAMES[n % count] ?? only], `one ${n}`))
    figures.alone.push(await change(one, [only], `alone ${n}`))
  }
  const [all, ours, floor] = [median(figures.all), median(figures.one), median(figures.alone)]
  const row = (name: string, ms: number) => `${name.padEnd(44)}${(ms / 1000).toFixed(2).padStart(8)} s\n`
  process.stdout.write(`\npush → live, a stack of ${count} functions, median of ${runs}\n\n${row('all changed', all)}`)
  process.stdout.write(`${row('one changed', ours)}${row('one changed, in a stack of its own', floor)}`)
  process.stdout.write(`one of ${count} to one alone ${(ours / floor).toFixed(2)}; to all ${(ours / all).toFixed(3)}\n`)
  const seconds = (ms: number) => Math.round(ms) / 1000
  const result = {
    bench: 'reuse',
    ratio: Math.round((ours / floor) * 100) / 100,
    ours: seconds(ours),
    floor: seconds(floor),
    all: seconds(all),
    functions: count,
    unit: 's',
    runs,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (err) {
  console.error(inspect(err, { depth: 5 }))
  process.exitCode = 1
} finally {
  await stopServers()
}
