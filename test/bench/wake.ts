import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import startServers from '@pushfn/local/vitest-servers'
import prepareEngine from '@pushfn/local/vitest-world'
import type { Container } from 'dockerode'
import { aWorkingCopy } from '../support/git-repository.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/**
 * A call of a function that sleeps, to the first byte of its answer, through gateway and controller; beside its floor: a
 * container of the same image and options on the same network, woken by hand (`docker unpause`, `docker start`) or by one
 * call of the engine's API, and asked until it answers. In turns, in one run. Options: `--runs 10`.
 */
const execute = promisify(execFile)
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const runs = Number(process.argv[process.argv.indexOf('--runs') + 1] || 10) || 10

const HANDLER = "module.exports = async (event, context) => context.status(200).succeed('ok')\n"
const stack = `functions:
  paused:
    lang: node24
    handler: ./fn
    labels: {com.openfaas.scale.zero-duration: 1s}
    annotations: {pushfn.cloud/stop-after: never}
  stopped:
    lang: node24
    handler: ./fn
    labels: {com.openfaas.scale.zero-duration: 1s}
    annotations: {pushfn.cloud/stop-after: 1s}
`

/** Resolves at the first byte of the body of a 200, on a connection of its own; rejects otherwise. */
const firstByte = (to: { port: number; host: string; path: string; name?: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = to.name ? { host: to.name } : {}
    const req = request(
      { host: to.host, port: to.port, path: to.path, headers, agent: false, timeout: 30_000 },
      (res) => {
        res.resume()
        res.once('data', () => (res.statusCode === 200 ? resolve() : reject(new Error(`status ${res.statusCode}`))))
      },
    )
    req.on('error', reject)
    req.on('timeout', () => req.destroy(new Error('no answer in 30 s')))
    req.end()
  })

const untilFirstByte = async (host: string): Promise<void> => {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(1)) {
    const isThere = await firstByte({ host, port: 8080, path: '/' }).then(
      () => true,
      () => false,
    )
    if (isThere) return
  }
  throw new Error(`${host} does not answer`)
}

/** Bounded: a function that does not fall asleep is a fault, not a reason to wait for ever. */
const untilAsleep = async (isAsleep: () => Promise<boolean>): Promise<void> => {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(20)) {
    if (!(await isAsleep())) continue
    await sleep(100)
    return
  }
  throw new Error('it does not fall asleep')
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** A container that nobody but this bench knows, made as the function's own was. */
const twinOf = async (world: World, container: Container): Promise<Container> => {
  const { Image, HostConfig, Config } = await container.inspect()
  const twin = await world.docker.createContainer({
    Image,
    HostConfig,
    Env: Config.Env,
    Labels: { 'pushfn.bench': '' },
  })
  await twin.start()
  return twin
}

const addressOf = async (container: Container): Promise<string> => {
  const { Networks } = (await container.inspect()).NetworkSettings
  return Object.values(Networks)[0]?.IPAddress ?? ''
}

const KINDS = ['paused', 'stopped'] as const
type Kind = (typeof KINDS)[number]

const measure = async (world: World, kind: Kind, slug: string) => {
  const find = async () => {
    const { containers } = await litterOf(world.docker, world.cloud)
    // The twin has its image's labels too.
    const isOwn = (labels: Record<string, string>) =>
      labels['pushfn.cloud/function'] === kind && labels['pushfn.bench'] === undefined
    return containers.find(({ Labels }) => isOwn(Labels))
  }
  const url = new URL(world.functionUrl(slug, kind))
  const mine = { host: '127.0.0.1', port: Number(url.port), path: url.pathname, name: url.host }
  const own = await find()
  if (!own) throw new Error(`no container of ${kind}`)
  const twin = await twinOf(world, world.docker.getContainer(own.Id))
  const asleep = kind === 'paused' ? 'paused' : 'exited'
  const sleepTwin = () => (kind === 'paused' ? twin.pause() : twin.stop({ t: 5 }))
  const byHand = () => execute(DOCKER, [kind === 'paused' ? 'unpause' : 'start', twin.id])
  const byApi = () => (kind === 'paused' ? twin.unpause() : twin.start())
  const figures = { ours: [] as number[], hand: [] as number[], api: [] as number[] }
  try {
    await untilFirstByte(await addressOf(twin))
    // The first round warms caches and is not counted.
    for (let n = 0; n <= runs; n++) {
      for (const [name, wake] of [
        ['hand', byHand],
        ['api', byApi],
      ] as const) {
        await sleepTwin()
        const ms = await timed(async () => {
          await wake()
          await untilFirstByte(await addressOf(twin))
        })
        if (n > 0) figures[name].push(ms)
      }
      await untilAsleep(async () => (await find())?.State === asleep)
      const ms = await timed(() => firstByte(mine))
      if (n > 0) figures.ours.push(ms)
    }
  } finally {
    await twin.remove({ force: true, v: true })
  }
  return { ours: median(figures.ours), hand: median(figures.hand), api: median(figures.api) }
}

const stopServers = await startServers()
await prepareEngine()
try {
  await using world = await startWorld({ env: { LOG_LEVEL: 'info' } })
  const tenant = await aTenantOf(world)
  await using copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': stack, 'fn/handler.js': HANDLER })
  await copy.commit()
  await copy.push(tenant.gitUrl('sleepers'))
  const results = []
  for (const kind of KINDS) {
    const { ours, hand, api } = await measure(world, kind, tenant.slug)
    const command = kind === 'paused' ? 'docker unpause' : 'docker start'
    const row = (name: string, ms: number) => `${name.padEnd(36)}${ms.toFixed(1).padStart(8)} ms\n`
    process.stdout.write(`\n${kind} → first byte, median of ${runs}\n${row('Pushfn', ours)}`)
    process.stdout.write(`${row(command, hand)}${row('the same by the engine’s API', api)}`)
    process.stdout.write(`ratio ${(ours / hand).toFixed(2)} (to the API ${(ours / api).toFixed(2)})\n`)
    const round = (value: number) => Math.round(value * 100) / 100
    results.push({
      bench: `wake-${kind}`,
      ratio: round(ours / hand),
      ratioToApi: round(ours / api),
      ours: round(ours),
      floor: round(hand),
      apiFloor: round(api),
      unit: 'ms',
      runs,
    })
  }
  process.stdout.write(`${JSON.stringify(results)}\n`)
} finally {
  await stopServers()
}
