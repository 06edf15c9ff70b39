import { hostname } from 'node:os'
import type { Log } from '@pushfn/kit/log'
import { type LoadReport, loadChannel } from '@pushfn/model/load'
import { type GatewayMessage, RouteChange, routeKey, routeKeys } from '@pushfn/model/route'
import { Redis } from 'ioredis'
import type { RouteTable } from './route-table.ts'

/**
 * Keeps the table in step with what the controller publishes: reads it whole once, then applies change after change.
 * Whenever the two could differ (a missed version, a connection that was away, a version that stands still) it reads
 * everything anew. Without Redis the gateway goes on serving by what it knows.
 */
export interface RouteFeed {
  /** The version served by; undefined until the first table was read. */
  version(): number | undefined
  drained(endpoint: string): void
  /** Asks the controller to wake what calls are held for. */
  wake(of: { host: string; function: string }): void
  report(load: Omit<LoadReport, 'gateway'>): void
  /** Takes this gateway out of the list of those the controller waits for. */
  stop(): Promise<void>
}

export interface RouteFeedOptions {
  redisUrl: string
  cloud: string
  table: RouteTable
  log: Log
}

const HEARTBEAT_MS = 3_000
const RETRY_MS = 1_000
const ROUTES_A_PAGE = 200

export const followRoutes = (options: RouteFeedOptions): RouteFeed => {
  const { table, log } = options
  const keys = routeKeys(options.cloud)
  const gateway = `${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const connect = () =>
    new Redis(options.redisUrl, {
      maxRetriesPerRequest: null,
      retryStrategy: (tries) => Math.min(tries * 100, RETRY_MS),
      keepAlive: 10_000,
    })
  const commands = connect()
  const subscriber = connect()
  let version: number | undefined
  let versionAtLastBeat: number | undefined
  let isReading = false
  let mustReadAgain = false
  let isStopped = false
  let early: RouteChange[] = []

  const say = (message: GatewayMessage): void => {
    // Waits in ioredis' queue while Redis is away: a drained endpoint must be told in the end.
    commands.publish(keys.gateways, JSON.stringify(message)).catch((err) => log.warn({ err }, 'could not tell routes'))
  }

  /** What is old news by the time that Redis is back; it is said again anyway. */
  const tellNow = (channel: string, message: object): void => {
    if (commands.status !== 'ready') return
    commands
      .publish(channel, JSON.stringify(message))
      .catch((err) => log.warn({ err }, 'could not tell the controller'))
  }

  const put = (change: RouteChange): void => {
    for (const route of change.put) table.put(routeKey(route), route)
    for (const key of change.remove) table.remove(key)
    version = change.version
  }

  const take = (change: RouteChange): void => {
    if (isReading || version === undefined) {
      early.push(change)
    } else if (change.version === version + 1) {
      put(change)
      say({ kind: 'applied', gateway, version: change.version })
    } else if (change.version > version) {
      log.warn({ version, published: change.version }, 'missed a change of routes')
      void read()
    }
  }

  /** What came while the table was read. Returns false when one between them and the table is missing. */
  const takeEarly = (): boolean => {
    const changes = early.sort((a, b) => a.version - b.version)
    early = []
    for (const change of changes) {
      if (change.version === (version ?? 0) + 1) put(change)
      else if (change.version > (version ?? 0)) return false
    }
    return true
  }

  const read = async (): Promise<void> => {
    if (isReading) {
      mustReadAgain = true
      return
    }
    isReading = true
    try {
      do {
        mustReadAgain = false
        const published = await publishedVersion(commands, keys)
        if (published === undefined && version !== undefined) {
          log.warn({ version }, 'redis holds no routes; serving by those known')
          return
        }
        if (published !== undefined) await table.replace(pagesOf(commands, keys))
        version = published ?? 0
        if (!takeEarly()) mustReadAgain = true
      } while (mustReadAgain && !isStopped)
      log.info({ version, routes: table.size }, 'read all routes')
      say({ kind: 'applied', gateway, version })
    } catch (err) {
      if (isStopped) return
      log.warn({ err }, 'could not read routes')
      setTimeout(read, RETRY_MS).unref()
    } finally {
      isReading = false
    }
  }

  const beat = async (): Promise<void> => {
    if (commands.status !== 'ready') return
    try {
      await commands.zadd(keys.heartbeats, Date.now(), gateway)
      const published = Number((await commands.get(keys.version)) ?? version)
      const stoodStill = version === versionAtLastBeat
      versionAtLastBeat = version
      // A version that is not ours at two beats and has not moved between them: a change was lost on its way.
      if (published !== version && stoodStill) void read()
    } catch (err) {
      log.warn({ err }, 'heartbeat failed')
    }
  }

  for (const connection of [commands, subscriber]) {
    connection.on('error', (err) => log.warn({ err }, 'redis is away'))
  }
  // ioredis subscribes again by itself after it was away; what was said meanwhile is in the table.
  subscriber.on('ready', () => {
    subscriber.subscribe(keys.changes).then(read, (err) => log.warn({ err }, 'could not subscribe'))
  })
  subscriber.on('message', (_channel, text) => {
    const change = parseChange(text)
    if (change) take(change)
    else log.error({ channel: keys.changes }, 'a change of routes cannot be read')
  })
  commands.on('ready', beat)
  const heart = setInterval(beat, HEARTBEAT_MS)

  return {
    version: () => version,
    drained: (endpoint) => say({ kind: 'drained', gateway, endpoint }),
    wake: (of) => tellNow(keys.gateways, { kind: 'wake', gateway, ...of } satisfies GatewayMessage),
    report: (load) => tellNow(loadChannel(options.cloud), { gateway, ...load } satisfies LoadReport),
    stop: async () => {
      isStopped = true
      clearInterval(heart)
      subscriber.disconnect()
      if (commands.status === 'ready') await commands.zrem(keys.heartbeats, gateway).catch(() => 0)
      commands.disconnect()
    },
  }
}

const publishedVersion = async (redis: Redis, keys: ReturnType<typeof routeKeys>): Promise<number | undefined> => {
  const published = await redis.get(keys.version)
  return published === null ? undefined : Number(published)
}

/**
 * The table as pages of keys and routes. What changes while it is read is in it or not; every change is told as well, and
 * is applied on top. Read at once, a hundred thousand routes would hold up Redis and every call.
 */
async function* pagesOf(redis: Redis, keys: ReturnType<typeof routeKeys>): AsyncGenerator<[string, string][]> {
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(keys.table, cursor, 'COUNT', ROUTES_A_PAGE)
    cursor = next
    const page: [string, string][] = []
    for (let i = 0; i + 1 < flat.length; i += 2) page.push([flat[i] ?? '', flat[i + 1] ?? ''])
    yield page
  } while (cursor !== '0')
  if ((await redis.exists(keys.version)) === 0) throw new Error('the table vanished while it was read')
}

const parseChange = (text: string): RouteChange | undefined => {
  try {
    return RouteChange.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
