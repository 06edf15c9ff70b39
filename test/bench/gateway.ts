import { fileURLToPath } from 'node:url'
import { findFreePort } from '@pushfn/local/free-port'
import { type Route, RoutePolicy, routeKey, routeKeys } from '@pushfn/model/route'
import { Redis } from 'ioredis'
import { startReverseProxy, startUpstream } from './support/nginx.ts'
import { cpuSecondsOf, residentMiBOf, type Started, startOnCore, untilListening } from './support/processes.ts'
import { type Measured, runWrk } from './support/wrk.ts'

/**
 * The gateway beside nginx as a plain reverse proxy: same upstream, one core each, one after the other in turns. Load
 * and upstream share the other core, so that both proxies stand under the same pressure. Requests per second of CPU time
 * are told too: where other work takes the cores away, they are the steadier figure. Options: `--rounds 7`,
 * `--seconds 4`, `--connections 64`, `--routes 10`, `--limits off`, `--profile <directory>` (writes a .cpuprofile of the gateway).
 */
const option = (name: string, otherwise: string): string => {
  const index = process.argv.indexOf(`--${name}`)
  return (index === -1 ? undefined : process.argv[index + 1]) ?? otherwise
}
const rounds = Number(option('rounds', '7'))
const seconds = Number(option('seconds', '4'))
const connections = Number(option('connections', '64'))
const routes = Number(option('routes', '10'))
const profile = option('profile', '')
const hasLimits = option('limits', 'on') === 'on'

const PROXY_CORE = 0
const LOAD_CORE = 1
const CLOUD = 'bench'
const WARM_UP_SECONDS = 2
const main = fileURLToPath(new URL('../../apps/gateway/src/main.ts', import.meta.url))

const aRoute = (index: number, address: string): Route => ({
  host: `tenant-${index}`,
  function: 'hello',
  tenant: `tenant-${index}`,
  revision: 'r1',
  endpoints: [{ id: 'upstream', address }],
  // Limits that nobody reaches: every call is counted against them all the same.
  policy: RoutePolicy.parse({
    responseTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    maxBodyBytes: 10_000_000,
    ...(hasLimits && { limits: { requestsPerSecond: 1_000_000, concurrentRequests: 100_000 } }),
  }),
})

const publish = async (redisPort: number, address: string): Promise<void> => {
  const redis = new Redis(redisPort, '127.0.0.1')
  const keys = routeKeys(CLOUD)
  for (let from = 0; from < routes; from += 1000) {
    const many = Array.from({ length: Math.min(1000, routes - from) }, (_, i) => aRoute(from + i, address))
    await redis.hset(keys.table, Object.fromEntries(many.map((route) => [routeKey(route), JSON.stringify(route)])))
  }
  await redis.set(keys.version, 1)
  redis.disconnect()
}

const untilReady = async (adminPort: number): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`)
    if (answer.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the gateway did not get ready')
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

interface Run extends Measured {
  perCpuSecond: number
}

const middle = (runs: readonly Run[]) => ({
  perCpuSecond: median(runs.map((run) => run.perCpuSecond)),
  requestsPerSecond: median(runs.map((run) => run.requestsPerSecond)),
  p50Ms: median(runs.map((run) => run.p50Ms)),
  p99Ms: median(runs.map((run) => run.p99Ms)),
  errors: runs.reduce((sum, run) => sum + run.errors, 0),
})

const [upstreamPort, nginxPort, redisPort, port, adminPort] = [
  await findFreePort(),
  await findFreePort(),
  await findFreePort(),
  await findFreePort(),
  await findFreePort(),
]
await using _upstream = await startUpstream(LOAD_CORE, upstreamPort)
await using nginxProcess = await startReverseProxy(PROXY_CORE, nginxPort, upstreamPort)
await using _redis = startOnCore(LOAD_CORE, [
  'redis-server',
  '--port',
  String(redisPort),
  '--save',
  '',
  '--appendonly',
  'no',
])
await untilListening(redisPort)
await publish(redisPort, `127.0.0.1:${upstreamPort}`)
const profiling = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
await using gatewayProcess = startOnCore(PROXY_CORE, [process.execPath, '--conditions=source', ...profiling, main], {
  ...process.env,
  NODE_ENV: 'production',
  LOG_LEVEL: 'warn',
  PUSHFN_CLOUD: CLOUD,
  REDIS_URL: `redis://127.0.0.1:${redisPort}`,
  GATEWAY_HOST: '127.0.0.1',
  GATEWAY_PORT: String(port),
  GATEWAY_ADMIN_PORT: String(adminPort),
})
await untilListening(port)
await untilListening(adminPort)
await untilReady(adminPort)

const host = `tenant-${Math.floor(routes / 2)}.fn.localhost`
const load = async (proxy: Started, to: number, forSeconds: number): Promise<Run> => {
  const before = await cpuSecondsOf(proxy.child)
  const url = `http://127.0.0.1:${to}/hello`
  const measured = await runWrk({ core: LOAD_CORE, connections, seconds: forSeconds, url, host })
  const used = (await cpuSecondsOf(proxy.child)) - before
  return { ...measured, perCpuSecond: (measured.requestsPerSecond * forSeconds) / used }
}

const ours: Run[] = []
const theirs: Run[] = []
await load(gatewayProcess, port, WARM_UP_SECONDS)
await load(nginxProcess, nginxPort, 1)
for (let round = 1; round <= rounds; round += 1) {
  const gateway = await load(gatewayProcess, port, seconds)
  const nginx = await load(nginxProcess, nginxPort, seconds)
  ours.push(gateway)
  theirs.push(nginx)
  const ratio = (gateway.requestsPerSecond / nginx.requestsPerSecond).toFixed(3)
  console.log(
    `round ${round}: gateway ${gateway.requestsPerSecond.toFixed(0)}/s, nginx ${nginx.requestsPerSecond.toFixed(0)}/s,`,
    `ratio ${ratio}`,
  )
}

const gateway = middle(ours)
const nginx = middle(theirs)
const ratios = ours.map((run, i) => run.requestsPerSecond / (theirs[i]?.requestsPerSecond ?? Number.NaN))
const row = (name: string, of: ReturnType<typeof middle>) =>
  [
    name.padEnd(10),
    of.requestsPerSecond.toFixed(0).padStart(11),
    of.perCpuSecond.toFixed(0).padStart(12),
    of.p50Ms.toFixed(2).padStart(9),
    of.p99Ms.toFixed(2).padStart(9),
    String(of.errors).padStart(7),
  ].join(' ')
console.log(
  `\n${connections} connections, ${routes} routes, one core each, medians of ${rounds} × ${seconds} s in turns`,
)
console.log(
  `${'proxy'.padEnd(10)} ${'requests/s'.padStart(11)} ${'per CPU s'.padStart(12)} ${'p50 ms'.padStart(9)} ${'p99 ms'.padStart(9)} ${'errors'.padStart(7)}`,
)
console.log(row('gateway', gateway))
console.log(row('nginx', nginx))
console.log(
  JSON.stringify({
    bench: 'gateway',
    ratio: Number(median(ratios).toFixed(3)),
    ours: Math.round(gateway.requestsPerSecond),
    floor: Math.round(nginx.requestsPerSecond),
    unit: 'req/s',
    runs: rounds,
    cpuRatio: Number((gateway.perCpuSecond / nginx.perCpuSecond).toFixed(3)),
    p50Ms: { ours: gateway.p50Ms, floor: nginx.p50Ms },
    p99Ms: { ours: gateway.p99Ms, floor: nginx.p99Ms },
    errors: gateway.errors,
    connections,
    routes,
    hasLimits,
    memoryMiB: await residentMiBOf(gatewayProcess.child),
  }),
)
