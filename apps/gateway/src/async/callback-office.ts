import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Log } from '@pushfn/kit/log'
import { type AsyncCall, type CallView, StoredBody } from '@pushfn/model/async-call'
import type { CallBells } from '@pushfn/store/calls/call-bells'
import { jobIdOf, laneName } from '@pushfn/store/calls/call-keys'
import type { CallQueues } from '@pushfn/store/calls/call-queues'
import { callbackKey } from '@pushfn/store/calls/callback-key'
import { z } from 'zod'
import { refusedLiteral, safeLookup } from './callback-target.ts'
import type { Work } from './lane-run.ts'
import type { Networks } from './networks.ts'
import { retryDelayMs } from './next-try.ts'
import { bodyBytes } from './read-body.ts'
import { signatureOf } from './signature.ts'

/**
 * Tells callers how their calls ended. A callback is a job in a lane of its own, so that it survives this process and a
 * slow receiver holds up nothing else.
 */
export interface CallbackOffice {
  /** Puts a callback in line; doing it again for the same call changes nothing. */
  post(ended: { url: string; call: AsyncCall; view: CallView; ms: number }): Promise<void>
  /** Sends a callback that was put in line. */
  work: Work
}

export interface CallbackOptions {
  queues: CallQueues
  bells: CallBells
  /** The cloud's secret; without it nothing can be signed, and nothing is accepted that would have to be. */
  secret: string | undefined
  allowed: Networks
  retryBaseMs: number
  log: Log
}

const Callback = z.object({
  url: z.string(),
  tenant: z.string(),
  function: z.string(),
  status: z.number(),
  seconds: z.number(),
  contentType: z.string(),
  body: StoredBody.nullable(),
})
type Callback = z.infer<typeof Callback>

const TRIES = 6
const LIMIT_MS = 10_000
/** What a dead call's function would have been reported with by a gateway: there is no answer of its own. */
const NO_ANSWER = 502

export const openCallbackOffice = (options: CallbackOptions): CallbackOffice => ({
  post: async ({ url, call, view, ms }) => {
    const lane = laneName({ ...call, kind: 'callbacks' })
    const { result } = view
    const data: Callback = {
      url,
      tenant: call.tenant,
      function: call.function,
      status: result?.status ?? NO_ANSWER,
      seconds: ms / 1_000,
      contentType: result?.headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream',
      body: result?.body ?? null,
    }
    await options.queues.of(lane).add('callback', data, {
      jobId: jobIdOf(view.id),
      attempts: TRIES,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
    })
    await options.bells.ring(lane)
  },
  work: async (job) => {
    const callback = Callback.parse(job.data)
    const sent = await send(callback, job.id, options)
    const { log } = options
    const about = { tenant: callback.tenant, function: callback.function, call: job.id }
    if (sent === 'taken') return (lane, isNextWanted) => lane.finish(job, isNextWanted)
    const isFinal = sent.isFinal || job.isLastTry
    if (isFinal) log.warn({ ...about, problem: sent.problem }, 'a callback was given up')
    const times = { baseMs: options.retryBaseMs, nowMs: Date.now(), random: Math.random() }
    const delayMs = retryDelayMs(job.tries, { ...times, retryAfter: sent.retryAfter })
    return (lane, isNextWanted) => lane.fail(job, { problem: sent.problem, delayMs, isFinal }, isNextWanted)
  },
})

type Sent = 'taken' | { problem: string; isFinal: boolean; retryAfter: string | undefined }

/** One connection for each, so that every one is looked up and judged anew. No redirect is followed. */
const send = (callback: Callback, callId: string, { secret, allowed }: CallbackOptions): Promise<Sent> =>
  new Promise((resolve) => {
    const failed = (problem: string, isFinal: boolean, retryAfter?: string) => resolve({ problem, isFinal, retryAfter })
    const url = new URL(callback.url)
    if (secret === undefined) return failed('there is no secret to sign it with', true)
    if (refusedLiteral(url.hostname, allowed)) return failed(`${url.hostname} is no public address`, true)
    const body = bodyBytes(callback.body)
    const [request, Agent] = url.protocol === 'https:' ? [httpsRequest, HttpsAgent] : [httpRequest, HttpAgent]
    const req = request(url, {
      method: 'POST',
      agent: new Agent({ keepAlive: false }),
      lookup: safeLookup(allowed),
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: {
        'content-type': callback.contentType,
        'content-length': body.length,
        'user-agent': 'pushfn-callback/1',
        'X-Call-Id': callId,
        'X-Duration-Seconds': callback.seconds.toFixed(6),
        'X-Function-Name': callback.function,
        'X-Function-Status': String(callback.status),
        'X-Pushfn-Signature': signatureOf(body, callbackKey(secret, callback.tenant), Date.now()),
      },
    })
    req.on('error', (err) => failed(err.message, err.name === 'ForbiddenAddressError'))
    req.on('response', (res) => {
      const status = res.statusCode ?? 0
      // What it says does not matter; it is not read for long.
      res.destroy()
      if (status >= 200 && status < 300) resolve('taken')
      else
        failed(
          `the receiver answered ${status}`,
          status < 500 && status !== 429 && status !== 408,
          res.headers['retry-after'],
        )
    })
    req.end(body)
  })
