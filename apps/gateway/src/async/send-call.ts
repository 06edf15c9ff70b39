import { Agent, type IncomingMessage, request } from 'node:http'
import type { AsyncCall, CallResult } from '@pushfn/model/async-call'
import type { Answered } from './next-try.ts'
import { bodyBytes, storedBody } from './read-body.ts'

/** Where the gateway's workers take the primary's own calls. */
export type InternalDoor = { socketPath: string } | { host: string; port: number }

/** What came of one try: an answer, or in words why there is none. */
export type Tried = ({ result: CallResult } & Answered) | { problem: string }

export interface CallSender {
  /** Sends the call through the gateway, as one of its own. Never throws. */
  send(call: AsyncCall, about: { id: string; tries: number }): Promise<Tried>
  /** Ends what is under way, without an answer. */
  close(): void
}

/**
 * Calls go the way that all calls go, so that routing, waking, holding and limits are one code. What is kept of the
 * answer is bounded; the rest of it is read and dropped, since the function has done its work only when it has said all.
 */
export const openCallSender = (
  door: InternalDoor,
  limits: { maxResultBytes: number; maxRunMs: number },
): CallSender => {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 64 })
  return {
    send: (call, { id, tries }) =>
      new Promise((resolve) => {
        const body = bodyBytes(call.body)
        const headers = [...call.headers, 'Host', call.host, 'X-Call-Id', id, 'X-Pushfn-Try', String(tries)]
        headers.push('Content-Length', String(body.length))
        const path = `/function/${call.function}${call.path}`
        const req = request({ ...door, agent, method: call.method, path, headers })
        const tooLong = () => req.destroy(new Error(`it did not end within ${limits.maxRunMs / 1_000} s`))
        const timer = setTimeout(tooLong, limits.maxRunMs)
        const end = (tried: Tried) => {
          clearTimeout(timer)
          resolve(tried)
        }
        const fail = (err: Error) => end({ problem: err.message })
        req.on('error', fail)
        req.on('response', (res) => void readAnswer(res, limits.maxResultBytes).then(end, fail))
        req.end(body)
      }),
    close: () => agent.destroy(),
  }
}

const readAnswer = async (res: IncomingMessage, maxBytes: number): Promise<Tried> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of res) {
    const room = maxBytes - bytes
    bytes += chunk.length
    if (room > 0) chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
  }
  const headers: [string, string][] = []
  for (let i = 0; i + 1 < res.rawHeaders.length; i += 2) {
    const name = (res.rawHeaders[i] ?? '').toLowerCase()
    if (!OF_THE_HOP.has(name)) headers.push([name, res.rawHeaders[i + 1] ?? ''])
  }
  const body = storedBody(Buffer.concat(chunks)) ?? { encoding: 'utf8', text: '' }
  return {
    status: res.statusCode ?? 0,
    // The gateway says it of every answer of a function, and never lets a function say it.
    isFunctions: res.headers['x-duration-seconds'] !== undefined,
    retryAfter: res.headers['retry-after'],
    result: { status: res.statusCode ?? 0, headers, body, isCut: bytes > maxBytes },
  }
}

const OF_THE_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date'])
