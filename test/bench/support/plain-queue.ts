import { createServer } from 'node:http'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Pool } from 'undici'

/**
 * The least that does what async calls do, of the same parts: `accept` stores what is posted in BullMQ and answers 202,
 * `run` posts each job to the function. No routes, no limits, no results, one queue for all. Started as a program:
 * `plain-queue.ts accept|run <redis url> <queue> <address of the function>`; prints the port when it listens.
 */
const [role, redisUrl = '', name = '', address = ''] = process.argv.slice(2)
const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
const AT_ONCE = 256

if (role === 'accept') {
  const queue = new Queue(name, { connection })
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    const data = { headers: req.rawHeaders, body: Buffer.concat(chunks).toString() }
    const delay = Number(req.headers['x-delay-seconds'] ?? 0) * 1_000
    const job = await queue.add('call', data, { removeOnComplete: true, attempts: 3, delay })
    res.writeHead(202, { 'x-call-id': job.id, 'content-length': 0 }).end()
  }).listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
} else {
  const pool = new Pool(`http://${address}`, { connections: AT_ONCE })
  const run = async ({ data }: { data: { body: string } }) => {
    const answer = await pool.request({ method: 'POST', path: '/', body: data.body })
    await answer.body.dump()
  }
  const worker = new Worker(name, run, { connection, concurrency: AT_ONCE })
  await worker.waitUntilReady()
  console.log(JSON.stringify({ port: 0 }))
}
