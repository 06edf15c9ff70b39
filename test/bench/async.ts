import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { aRoute } from '../conformance/gateway/support/a-function.ts'
import { startWorld } from '../conformance/gateway/support/world.ts'
import { testServers } from '../support/servers.ts'

/**
 * Async calls beside bare BullMQ on the same Redis, in turns: how many a second are accepted while none is run, and how
 * many are accepted and done while they run. A call that is done went over HTTP to a real function; BullMQ's job does
 * nothing, so that ratio is against what nobody reaches who does anything. What the same parts reach that do the same work
 * and nothing more stands between them (`support/plain-queue.ts`). Options: `--calls 5000`, `--runs 5`.
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

interface Server {
  address: string
  /** Called at each call that the function gets. */
  onCall: () => void
  close(): void
}

const startFunction = async (): Promise<Server> => {
  const server = createServer((req, res) => {
    req.resume()
    res.end('ok')
    fn.onCall()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fn: Server = {
    // A server that listens on TCP has an AddressInfo.
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    onCall: () => {},
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return fn
}

/** Posts to `/async-function/quick` on the port: how many a second are accepted and done, and how many are accepted alone. */
const measure = async (port: number, fn: Server): Promise<{ accepted: number; done: number }> => {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: AT_ONCE })
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
    fn.onCall = count
    const [, perSecond] = await Promise.all([rateOf(() => post({})), done])
    fn.onCall = () => {}
    // Due after the bench is over: none of these is run meanwhile.
    const accepted = await rateOf(() => post({ 'x-delay-seconds': '600' }))
    return { accepted, done: perSecond }
  } finally {
    await pool.close()
  }
}

const ours = async (): Promise<{ accepted: number; done: number }> => {
  const fn = await startFunction()
  await using world = await startWorld(
    { LOG_LEVEL: 'info', PUSHFN_SECRET: randomUUID(), ASYNC_CONCURRENCY: '256', ASYNC_TENANT_CONCURRENCY: '256' },
    { redisUrl, routes: [aRoute({ function: 'quick', addresses: [fn.address] })] },
  )
  try {
    return await measure(world.port, fn)
  } finally {
    fn.close()
  }
}

const plainQueue = fileURLToPath(new URL('support/plain-queue.ts', import.meta.url))

/** The same parts without what makes a cloud of them: two processes, as a gateway with one worker has. */
const plain = async (): Promise<{ accepted: number; done: number }> => {
  const fn = await startFunction()
  const name = `bench-${randomUUID()}`
  const start = (role: string) =>
    spawn(process.execPath, [plainQueue, role, redisUrl, name, fn.address], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [accept, run] = [start('accept'), start('run')]
  try {
    const [[said]] = await Promise.all([once(accept.stdout, 'data'), once(run.stdout, 'data')])
    return await measure(JSON.parse(String(said)).port, fn)
  } finally {
    for (const child of [accept, run]) child.kill()
    fn.close()
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
    const queue = new Queue(name, { connection })
    await queue.obliterate({ force: true })
    await queue.close()
    connection.disconnect()
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const SIDES = { bare, plain, ours } as const
type Side = keyof typeof SIDES
const rounds: Record<Side, { accepted: number; done: number }[]> = { bare: [], plain: [], ours: [] }
for (let n = 1; n <= runs; n += 1) {
  for (const side of ['bare', 'plain', 'ours'] as const) {
    const measured = await SIDES[side]()
    rounds[side].push(measured)
    console.log(
      `round ${n}: ${side.padEnd(5)} accepted ${measured.accepted.toFixed(0)}/s, done ${measured.done.toFixed(0)}/s`,
    )
  }
}
const results = (['accepted', 'done'] as const).map((what) => {
  const rate = (side: Side) => Math.round(median(rounds[side].map((one) => one[what])))
  const ratioTo = (side: Side) =>
    Number(median(rounds.ours.map((one, n) => one[what] / (rounds[side][n]?.[what] ?? Number.NaN))).toFixed(3))
  const row = `${what.padEnd(9)} Pushfn ${rate('ours')}/s, BullMQ behind plain HTTP ${rate('plain')}/s, bare BullMQ ${rate('bare')}/s`
  console.log(row)
  return {
    bench: `async-${what}`,
    ratio: ratioTo('bare'),
    ours: rate('ours'),
    floor: rate('bare'),
    plain: { ratio: ratioTo('plain'), floor: rate('plain') },
    unit: 'calls/s',
    runs,
    calls,
  }
})
console.log(JSON.stringify(results))
