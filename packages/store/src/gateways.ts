import { GatewayMessage, routeKeys } from '@pushfn/model/route'
import type { Bus } from './bus.ts'

const GONE_AFTER_MS = 10_000
const LOOK_EVERY_MS = 3_000

/** What the controller hears from the gateways. */
export interface Gateways {
  /** Resolves when every gateway that is alive serves by this version of the table, or after `limitMs`: true when all do. */
  applied(version: number, limitMs: number): Promise<boolean>
  /** Resolves when no gateway that is alive has a request at the endpoint any more, or after `limitMs`: true when none has. */
  drained(endpointId: string, limitMs: number): Promise<boolean>
  /** Those that were heard of within the last ten seconds; undefined while nobody can tell. */
  alive(): Promise<readonly string[] | undefined>
  /** Calls back each time a gateway says that it holds calls of a route without an endpoint. */
  onWake(listener: (of: { host: string; function: string }) => void): void
  close(): void
}

/**
 * Starts to listen. Without Redis nothing is heard, and the limits decide; a gateway that was alive a moment ago is not
 * gone because Redis was wiped or does not answer.
 */
export const watchGateways = async (bus: Bus, cloud: string): Promise<Gateways> => {
  const keys = routeKeys(cloud)
  const appliedBy = new Map<string, number>()
  /** By endpoint, one set for each wait: a word that came before a wait began is no word of what it waits for. */
  const drainedBy = new Map<string, Set<Set<string>>>()
  const lastSeen = new Map<string, number>()
  const waiting = new Set<() => void>()
  const wakers = new Set<Parameters<Gateways['onWake']>[0]>()
  const close = await bus.subscribe(keys.gateways, (text) => {
    const message = GatewayMessage.parse(JSON.parse(text))
    lastSeen.set(message.gateway, Date.now())
    if (message.kind === 'applied') appliedBy.set(message.gateway, message.version)
    if (message.kind === 'drained') {
      for (const by of drainedBy.get(message.endpoint) ?? []) by.add(message.gateway)
    }
    if (message.kind === 'wake') for (const waker of wakers) waker(message)
    for (const look of waiting) look()
  })

  /** Undefined while Redis does not answer: then nobody can tell. */
  const alive = async (): Promise<string[] | undefined> => {
    const since = Date.now() - GONE_AFTER_MS
    try {
      const scores = await bus.redis.zrangebyscore(keys.heartbeats, since, '+inf', 'WITHSCORES')
      for (let n = 0; n < scores.length; n += 2) {
        const [gateway = '', at] = scores.slice(n, n + 2)
        lastSeen.set(gateway, Math.max(lastSeen.get(gateway) ?? 0, Number(at)))
      }
    } catch {
      return undefined
    }
    for (const [gateway, at] of lastSeen) if (at < since) lastSeen.delete(gateway)
    return [...lastSeen.keys()]
  }
  const looking = setInterval(() => void alive(), LOOK_EVERY_MS)

  /** A gateway may die while it is waited for, so who is alive is asked again each second. */
  const until = async (isDone: (gateways: string[]) => boolean, limitMs: number): Promise<boolean> => {
    let gateways = await alive()
    if (gateways && isDone(gateways)) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const look = () => gateways && isDone(gateways) && resolve(true)
    const limit = setTimeout(() => resolve(false), limitMs)
    const again = setInterval(async () => {
      gateways = await alive()
      look()
    }, 1_000)
    waiting.add(look)
    look()
    try {
      return await promise
    } finally {
      clearTimeout(limit)
      clearInterval(again)
      waiting.delete(look)
    }
  }

  return {
    applied: (version, limitMs) =>
      until((gateways) => gateways.every((gateway) => (appliedBy.get(gateway) ?? 0) >= version), limitMs),
    drained: async (endpointId, limitMs) => {
      const by = new Set<string>()
      const waits = drainedBy.get(endpointId) ?? new Set()
      drainedBy.set(endpointId, waits.add(by))
      try {
        return await until((gateways) => gateways.every((gateway) => by.has(gateway)), limitMs)
      } finally {
        waits.delete(by)
        if (waits.size === 0) drainedBy.delete(endpointId)
      }
    },
    alive,
    onWake: (listener) => void wakers.add(listener),
    close: () => {
      clearInterval(looking)
      close()
    },
  }
}
