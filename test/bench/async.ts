import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { aRoute } from '../conformance/gateway/support/a-function.ts'
import { startWorld } from '../conformance/gateway/support/world.ts'
import { testServers } from '../support/servers.ts'

/**
 * Async calls beside bare BullMQ on the same Redis, in turns: how many a second are accepted while none is run, and how
 * many are accepted and done while they run. A call that is done went over HTTP to a real function; BullMQ's job does
 * nothing, so the second ratio is against what nobody reaches who does anything. Options: `--calls 5000`, `--runs 5`.
 */
const option = (name: string, otherwise: number): number => {
  const index = process.argv.indexOf(`--${name}`)
  return index === -1 ? otherwise : Number(process.argv[index + 1])
}
const calls = option('calls', 5_000)
const runs = option('runs', 5)
const AT_ONCE = 64
const LIMIT_MS = 120_000

const { redisUrl } = testServers()

/** Does `work` so often, so many at once; returns how many a second. */
const rateOf = async (work: () => Promise<unknown>): Promise<number> => {
  let left = calls
  const startedAt = performance.now()
  const one = async () => {
    while (left > 0) {
      left -= 1
      await work()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return (calls * 1_000) / (performance.now() - startedAt)
}

/** Counts up to `calls`, and says how many a second that were since it was made. */
const counter = () => {
  const startedAt = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const limit = setTimeout(() => reject(new Error(`${seen} of ${calls} were done in ${LIMIT_MS} ms`)), LIMIT_MS)
  let seen = 0
  const count = () => {
    seen += 1
    if (seen !== calls) return
    clearTimeout(limit)
    resolve((calls * 1_000) / (performance.now() - startedAt))
  }
  return { count, done: promise }
}

const bare = async (): Promise<{ accepted: number; done: number }> => {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(`bench-${randomUUID()}`, { connection })
  const add = () => queue.add('call', { body: '{}' }, { removeOnComplete: true })
  try {
    const accepted = await rateOf(add)
    await queue.obliterate({ force: true })
    const { count, done } = counter()
    const worker = new Worker(queue.name, async () => undefined, {
      connection: connection.duplicate(),
      concurrency: AT_ONCE,
    })
    worker.on('completed', count)
    try {
      const [, perSecond] = await Promise.all([rateOf(add), done])
      return { accepted, done: perSecond }
    } finally {
      await worker.close()
    }
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
    connection.disconnect()
  }
}

const ours = async (): Promise<{ accepted: number; done: number }> => {
  let onCall = () => {}
  const server = createServer((req, res) => {
    req.resume()
    res.end('ok')
    onCall()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on TCP has an AddressInfo.
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await using world = await startWorld(
    { LOG_LEVEL: 'info', PUSHFN_SECRET: randomUUID(), ASYNC_CONCURRENCY: '256', ASYNC_TENANT_CONCURRENCY: '256' },
    { redisUrl, routes: [aRoute({ function: 'quick', addresses: [address] })] },
  )
  const pool = new Pool(`http://127.0.0.1:${world.port}`, { connections: AT_ONCE })
  const post = async (headers: Record<string, string>) => {
    const answer = await pool.request({
      method: 'POST',
      path: '/async-function/quick',
      headers: { host: 'ada.fn.localhost', 'content-type': 'application/json', ...headers },
      body: '{}',
    })
    await answer.body.dump()
    if (answer.statusCode !== 202) throw new Error(`not accepted: ${answer.statusCode}`)
  }
  try {
    const { count, done } = counter()
    onCall = count
    const [, perSecond] = await Promise.all([rateOf(() => post({})), done])
    onCall = () => {}
    // Due after the bench is over: none of these is run meanwhile.
    const accepted = await rateOf(() => post({ 'x-delay-seconds': '600' }))
    return { accepted, done: perSecond }
  } finally {
    await pool.close()
    server.closeAllConnections()
    server.close()
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const rounds = { bare: [] as Awaited<ReturnType<typeof bare>>[], ours: [] as Awaited<ReturnType<typeof ours>>[] }
for (let n = 1; n <= runs; n += 1) {
  rounds.bare.push(await bare())
  rounds.ours.push(await ours())
  const [floor, mine] = [rounds.bare.at(-1), rounds.ours.at(-1)]
  console.log(
    `round ${n}: accepted ${mine?.accepted.toFixed(0)}/s (BullMQ ${floor?.accepted.toFixed(0)}/s),`,
    `done ${mine?.done.toFixed(0)}/s (BullMQ ${floor?.done.toFixed(0)}/s)`,
  )
}
const results = (['accepted', 'done'] as const).map((what) => {
  const [mine, floor] = [median(rounds.ours.map((one) => one[what])), median(rounds.bare.map((one) => one[what]))]
  const ratios = rounds.ours.map((one, n) => one[what] / (rounds.bare[n]?.[what] ?? Number.NaN))
  console.log(`${what.padEnd(9)} ${mine.toFixed(0).padStart(7)}/s  BullMQ ${floor.toFixed(0).padStart(7)}/s`)
  return {
    bench: `async-${what}`,
    ratio: Number(median(ratios).toFixed(3)),
    ours: Math.round(mine),
    floor: Math.round(floor),
    unit: 'calls/s',
    runs,
    calls,
  }
})
console.log(JSON.stringify(results))
