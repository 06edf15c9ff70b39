import { type LoadReport, loadChannel } from '@pushfn/model/load'
import { type GatewayMessage, RouteChange, routeKey, routeKeys } from '@pushfn/model/route'
import { Redis } from 'ioredis'
import { testServers } from '../../support/servers.ts'
import type { World } from '../../support/world.ts'

/** One more gateway of the cloud as the controller sees it: it serves nobody, and says what the test lets it say. */
export interface GatewayByHand extends AsyncDisposable {
  /** Whether the route has lost its endpoints since it had some. */
  isOffRoute(key: string): boolean
  /** Says that nothing is at the route's last endpoints any more. */
  sayDrained(key: string): Promise<void>
}

const BEAT_MS = 500

export const aGatewayByHand = async ({ cloud }: Pick<World, 'cloud'>): Promise<GatewayByHand> => {
  const gateway = 'by-hand'
  const keys = routeKeys(cloud)
  const { redisUrl } = testServers()
  const redis = new Redis(redisUrl)
  const listener = new Redis(redisUrl)
  const routes = new Map<string, { last: string[]; isOff: boolean }>()
  const say = (message: GatewayMessage) => redis.publish(keys.gateways, JSON.stringify(message))
  listener.on('message', (_channel, text) => {
    const { version, put } = RouteChange.parse(JSON.parse(text))
    for (const route of put) {
      const ids = route.endpoints.map(({ id }) => id)
      const last = ids.length > 0 ? ids : (routes.get(routeKey(route))?.last ?? [])
      routes.set(routeKey(route), { last, isOff: ids.length === 0 && last.length > 0 })
    }
    void say({ kind: 'applied', gateway, version })
  })
  await listener.subscribe(keys.changes)
  const beat = async () => {
    await redis.zadd(keys.heartbeats, Date.now(), gateway)
    const report: LoadReport = { gateway, intervalMs: BEAT_MS, isUrgent: false, functions: {} }
    await redis.publish(loadChannel(cloud), JSON.stringify(report))
  }
  await beat()
  await say({ kind: 'applied', gateway, version: Number(await redis.get(keys.version)) })
  const beating = setInterval(() => void beat(), BEAT_MS)
  return {
    isOffRoute: (key) => routes.get(key)?.isOff ?? false,
    sayDrained: async (key) => {
      for (const endpoint of routes.get(key)?.last ?? []) await say({ kind: 'drained', gateway, endpoint })
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(beating)
      await redis.zrem(keys.heartbeats, gateway)
      redis.disconnect()
      listener.disconnect()
    },
  }
}
