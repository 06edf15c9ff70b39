import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import startServers from '@pushfn/local/vitest-servers'
import prepareEngine from '@pushfn/local/vitest-world'
import { commitAlias } from '@pushfn/model/alias'
import { ScaleSpec } from '@pushfn/model/function-spec'
import { routeKeys } from '@pushfn/model/route'
import type { Database } from '@pushfn/store/database'
import { Redis } from 'ioredis'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../support/builders.ts'
import { openTestDatabase } from '../support/database.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'

/**
 * A cloud of very many functions that sleep: what controller and gateway weigh, what the controller does meanwhile, and how
 * long it takes until all routes are there again after Redis lost them, and after a restart of the gateway. Rows, routes and
 * processes are real; the sleepers have no containers (the deepest sleep: an operator pruned the stopped ones), since ten
 * thousand would measure Docker. Options: `--functions 10000`, and `--commits 10` for commits' URLs that each has beside live.
 */
const optionOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const functions = optionOf('--functions', 10_000)
const commits = optionOf('--commits', 0)
const routes = functions * (1 + commits)
const A_TENANT = 100
const LIMIT_MS = 180_000

/** Functions that were live and sleep since. */
const addSleepers = async (db: Database): Promise<void> => {
  const spec = aSpec({ scale: ScaleSpec.parse({ min: 1, max: 4, pauseAfterMs: 300_000, stopAfterMs: 1_800_000 }) })
  for (let n = 0; n < functions; n += A_TENANT) {
    const tenant = await aTenant(db, `sleepers-${n}`)
    const repository = await aRepository(db, tenant)
    const { buildId } = await aQueuedPush(db, repository)
    await db.build.update({ where: { id: buildId }, data: { state: 'live', finishedAt: new Date() } })
    const names = Array.from({ length: Math.min(A_TENANT, functions - n) }, (_, i) => ({
      functionId: randomUUID(),
      revisionId: randomUUID(),
      name: `fn-${i}`,
    }))
    await db.function.createMany({
      data: names.map(({ functionId, name }) => ({
        id: functionId,
        tenantId: tenant.id,
        repositoryId: repository.id,
        name,
      })),
    })
    await db.revision.createMany({
      data: names.map(({ functionId, revisionId }) => ({
        id: revisionId,
        functionId,
        buildId,
        sha: 'a'.repeat(40),
        image: 'pushfn.local/sleepers/shop-fn:latest-main-aaaaaaa',
        digest: `sha256:${'a'.repeat(64)}`,
        spec,
        sequence: 1n,
        state: 'live' as const,
      })),
    })
    await db.alias.createMany({
      data: names.map(({ functionId, revisionId }) => ({
        functionId,
        revisionId,
        wantedRevisionId: revisionId,
        name: 'live',
        sequence: 1n,
      })),
    })
    for (let commit = 1; commit <= commits; commit++) {
      const name = commitAlias(commit.toString(16).padStart(8, '0'))
      await db.alias.createMany({
        data: names.map(({ functionId, revisionId }) => ({
          functionId,
          revisionId,
          wantedRevisionId: revisionId,
          name,
        })),
      })
    }
  }
}

const statusOf = async (pid: number, key: string): Promise<number> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
}

/** With its children: the gateway's workers. */
const residentMiB = async (pid: number): Promise<number> => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean)
  const sizes = await Promise.all([pid, ...children.map(Number)].map((one) => statusOf(one, 'VmRSS')))
  return Math.round(sizes.reduce((sum, one) => sum + one, 0) / 1024)
}

const cpuMs = async (pid: number): Promise<number> => {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Milliseconds until the claim holds. */
const timeUntil = async (holds: () => Promise<boolean>, claim: string): Promise<number> => {
  const startedAt = performance.now()
  while (!(await holds())) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`not within ${LIMIT_MS} ms: ${claim}`)
    await sleep(10)
  }
  return Math.round(performance.now() - startedAt)
}

const measure = async (world: World, redis: Redis) => {
  const keys = routeKeys(world.cloud)
  const areAllThere = async () => (await redis.hlen(keys.table)) === routes
  const pidOf = (name: 'controller' | 'gateway') => world.app(name).pid
  await timeUntil(areAllThere, 'all routes are published')
  await sleep(3_000)

  const before = await cpuMs(pidOf('controller'))
  await sleep(10_000)
  const controllerCores = ((await cpuMs(pidOf('controller'))) - before) / 10_000

  await world.app('controller').stop()
  await redis.del(keys.table, keys.version)
  const startedAt = performance.now()
  await world.start('controller')
  await timeUntil(areAllThere, 'all routes are published again')
  const controllerMs = Math.round(performance.now() - startedAt)

  await world.app('gateway').stop()
  const gatewayAt = performance.now()
  // It is ready once its workers have read the table whole.
  await world.start('gateway')
  const gatewayMs = Math.round(performance.now() - gatewayAt)
  return {
    controllerMs,
    gatewayMs,
    controllerCores,
    controllerMiB: await residentMiB(pidOf('controller')),
    gatewayMiB: await residentMiB(pidOf('gateway')),
  }
}

const stopServers = await startServers()
await prepareEngine()
try {
  await using database = await openTestDatabase()
  await addSleepers(database.db)
  // An operator's interval: the tests' second is not what a cloud runs with.
  await using world = await startWorld({ databaseUrl: database.url, env: { RESYNC_MS: '5000', LOG_LEVEL: 'info' } })
  const redis = new Redis(testServers().redisUrl)
  const figures = await measure(world, redis)
  redis.disconnect()
  const row = (name: string, value: string) => console.log(`${name.padEnd(58)}${value.padStart(12)}`)
  row('functions that sleep', String(functions))
  row('commits’ URLs of each', String(commits))
  row('memory of the controller', `${figures.controllerMiB} MiB`)
  row('memory of the gateway, all its processes', `${figures.gatewayMiB} MiB`)
  row('controller at rest, of one core', `${(100 * figures.controllerCores).toFixed(1)} %`)
  row('start of a controller → all routes published anew', `${figures.controllerMs} ms`)
  row('start of a gateway → all routes served', `${figures.gatewayMs} ms`)
  console.log(JSON.stringify({ bench: 'sleepers', ...figures, functions, commits, unit: 'ms', runs: 1 }))
} finally {
  await stopServers()
}
