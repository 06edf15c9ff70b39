import { setTimeout as sleep } from 'node:timers/promises'
import { localFetch } from '../../support/local-fetch.ts'

export interface Load {
  /** Ends the load and waits for the last answer. */
  stop(): Promise<LoadFigures>
}

export interface LoadFigures {
  requests: number
  /** Every request that was not answered with 200 and whole, with when (ms since the start) and why. */
  failures: string[]
  /** How often each first word of an answer came. */
  answers: Record<string, number>
  p50: number
  p99: number
}

const PARTS = 20
const LIMIT_MS = 30_000

type Kind = 'GET' | 'POST' | 'stream'

/** A constant rate, whatever the answers: GET, POST with a body, and each tenth a stream of a second, or those of `kinds`. */
export const startLoad = (url: string, perSecond: number, kinds?: readonly Kind[]): Load => {
  const startedAt = performance.now()
  const failures: string[] = []
  const answers: Record<string, number> = {}
  const times: number[] = []
  const running = new Set<Promise<void>>()
  let requests = 0
  let isStopped = false

  const send = async (n: number) => {
    const sentAt = performance.now()
    const usual = n % 10 === 9 ? 'stream' : n % 3 === 0 ? 'POST' : 'GET'
    const kind = kinds?.[n % kinds.length] ?? usual
    try {
      const words = await request(url, kind)
      answers[words] = (answers[words] ?? 0) + 1
      if (kind !== 'stream') times.push(performance.now() - sentAt)
    } catch (err) {
      failures.push(`${Math.round(sentAt - startedAt)} ms: ${kind}: ${describe(err)}`)
    }
  }
  const driving = (async () => {
    while (!isStopped) {
      const due = ((performance.now() - startedAt) * perSecond) / 1_000
      for (; requests < due; requests++) {
        const one = send(requests)
        running.add(one)
        void one.finally(() => running.delete(one))
      }
      await sleep(1_000 / perSecond)
    }
  })()
  return {
    stop: async () => {
      isStopped = true
      await driving
      await Promise.all(running)
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
      return { requests, failures, answers, p50: at(0.5), p99: at(0.99) }
    },
  }
}

const request = async (url: string, kind: Kind): Promise<string> => {
  const body = 'x'.repeat(1_000)
  const response = await localFetch(kind === 'stream' ? `${url}?parts=${PARTS}` : url, {
    signal: AbortSignal.timeout(LIMIT_MS),
    ...(kind === 'POST' && { method: 'POST', body, headers: { 'content-type': 'text/plain' } }),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text.slice(0, 200)}`)
  const [word = ''] = text.split(/\s/)
  const whole = kind === 'stream' ? `${word}\n`.repeat(PARTS) : kind === 'POST' ? `${word} ${body.length}` : word
  if (text !== whole) throw new Error(`an answer that is not whole: ${text.slice(0, 100)}`)
  return word
}

const describe = (err: unknown): string => {
  if (!(err instanceof Error)) return String(err)
  return err.cause instanceof Error ? `${err.message}: ${err.cause.message}` : err.message
}
