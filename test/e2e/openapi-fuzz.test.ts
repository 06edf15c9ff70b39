import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Pool } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FuzzRequest, requestsOf } from './openapi-requests.ts'
import { readServedDocument, type ServedDocument, type ServedOperation } from './openapi-served.ts'
import { type FuzzStage, startFuzzStage } from './openapi-stage.ts'

/**
 * Every operation of the document that the api serves, with what fits, what nearly fits and what is meant to do harm: the
 * api never fails, and answers as its document says. `FUZZ_SEED` names the seed of a run, which is printed; `FUZZ_RUNS` is
 * the number of requests of each operation, twice as many where there is a body.
 */
const SEED = Number(process.env.FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31))
const RUNS = Number(process.env.FUZZ_RUNS ?? 20)
const SLOWEST_MS = 20_000

let fuzz: FuzzStage
let document: ServedDocument
let pool: Pool
beforeAll(async () => {
  console.info(`openapi-fuzz: FUZZ_SEED=${SEED}`)
  fuzz = await startFuzzStage()
  document = await readServedDocument(fuzz.stage.apiUrl)
  // A pool takes paths as they are; where URLs are taken, `..` is gone before it is sent.
  const { origin } = new URL(fuzz.stage.apiUrl)
  pool = new Pool(origin, { headersTimeout: SLOWEST_MS, bodyTimeout: SLOWEST_MS, connections: 4 })
})
afterAll(async () => {
  await pool?.close()
  await fuzz?.[Symbol.asyncDispose]()
})

const send = async (operation: ServedOperation, { role, path, headers, body }: FuzzRequest) => {
  const answer = await pool.request({
    // The document holds these alone.
    method: operation.method as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: `/api/v1${path}`,
    headers: { ...headers, ...(role !== 'nobody' && { authorization: `Bearer ${fuzz.tokens[role]}` }) },
    ...(body !== undefined && { body }),
  })
  const bytes = Buffer.from(await answer.body.arrayBuffer())
  return { status: answer.statusCode, headers: answer.headers, bytes }
}

/** What is wrong with an answer by the document; undefined: nothing. */
const faultOf = (operation: ServedOperation, { status, headers, bytes }: Awaited<ReturnType<typeof send>>) => {
  if (status >= 500) return `${status}: ${bytes}`
  const named = operation.responses[status]
  if (!named) return `${status} is not in the document: ${bytes}`
  const type = String(headers['content-type'] ?? '')
  const [media, { schema, 'x-messages': messages }] = Object.entries(named.content ?? {})[0] ?? ['', { schema: {} }]
  if (essence(type) !== essence(media)) return `${status} has type “${type}”, not “${media}”`
  if (media === '') return bytes.length > 0 ? `${status} has a body: ${bytes}` : undefined
  if (status >= 400 && media !== 'application/problem+json') return `${status} is no problem+json`
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
  for (const value of messages ? messagesOf(text) : [media.includes('json') ? JSON.parse(text) : text]) {
    const fault = document.faultOf(messages ?? schema, value)
    if (fault) return `${status} does not fit, ${fault}: ${JSON.stringify(value)}`
  }
  return undefined
}

const essence = (type: string): string => type.split(';')[0]?.trim() ?? ''

const messagesOf = (text: string): unknown[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))

test('whatever is asked, the api answers as its document says', {
  timeout: 300_000 * Math.max(1, RUNS / 20),
}, async () => {
  const faults: string[] = []
  const seen = new Map<string, number>()
  const unmoved: string[] = []
  for (const operation of document.operations) {
    let wentThrough = false
    const property = fc.asyncProperty(requestsOf(document, operation, fuzz.known), async (request) => {
      const answer = await send(operation, request)
      seen.set(String(answer.status), (seen.get(String(answer.status)) ?? 0) + 1)
      wentThrough ||= answer.status < 400
      const fault = faultOf(operation, answer)
      if (fault) throw new Error(fault.slice(0, 500))
    })
    // There is more to say to one that takes a body.
    const numRuns = operation.requestBody ? 2 * RUNS : RUNS
    const { failed, counterexample, errorInstance } = await fc.check(property, { seed: SEED, numRuns })
    if (failed)
      faults.push(`${operation.operationId}: ${errorInstance}\n${JSON.stringify(counterexample).slice(0, 1_000)}`)
    if (!wentThrough) unmoved.push(operation.operationId)
  }
  console.info(
    'openapi-fuzz:',
    document.operations.length,
    'operations',
    Object.fromEntries(seen),
    'none through:',
    unmoved,
  )
  expect(faults.join('\n\n')).toBe('')
  // A fuzz that is refused everywhere proves nothing.
  expect(unmoved.length).toBeLessThan(document.operations.length / 4)
})
