import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GatewayMessage, type Route, type RouteChange, routeKey, routeKeys } from '@pushfn/model/route'
import { Redis } from 'ioredis'
import { startRedis } from './redis-server.ts'

/** A real gateway process on a Redis, with a route table of its own that the test writes as the controller would. */
export interface GatewayWorld extends AsyncDisposable {
  readonly port: number
  readonly adminPort: number
  readonly child: ChildProcess
  readonly redis: Redis
  readonly keys: ReturnType<typeof routeKeys>
  /** What the gateway has said so far. */
  readonly messages: GatewayMessage[]
  /** Publishes a change and waits until the gateway serves by it. */
  publish(change: { put?: Route[]; remove?: string[] }): Promise<number>
  /** One more gateway of the same cloud, ready to serve. */
  startAnother(): Promise<AsyncDisposable & { readonly port: number }>
}

const main = fileURLToPath(new URL('../../../../apps/gateway/src/main.ts', import.meta.url))

export const startWorld = async (
  settings: Record<string, string> = {},
  options: { redisUrl?: string; routes?: Route[] } = {},
): Promise<GatewayWorld> => {
  const ownRedis = options.redisUrl || process.env.PUSHFN_TEST_REDIS_URL ? undefined : await startRedis()
  const redisUrl = options.redisUrl ?? process.env.PUSHFN_TEST_REDIS_URL ?? ownRedis?.url ?? ''
  const cloud = `gw-${randomUUID().slice(0, 8)}`
  const keys = routeKeys(cloud)
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const listener = new Redis(redisUrl, { maxRetriesPerRequest: null })
  for (const connection of [redis, listener]) connection.on('error', () => undefined)
  const messages: GatewayMessage[] = []
  listener.on('message', (_channel, text) => messages.push(GatewayMessage.parse(JSON.parse(text))))
  await listener.subscribe(keys.gateways)
  await write(redis, keys, { version: 1, put: options.routes ?? [], remove: [] })

  const start = () =>
    spawn(process.execPath, ['--conditions=source', main], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        LOG_LEVEL: 'info',
        PUSHFN_CLOUD: cloud,
        REDIS_URL: redisUrl,
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: '0',
        GATEWAY_ADMIN_PORT: '0',
        GATEWAY_PROCESSES: '1',
        ...settings,
      },
    })
  const child = start()
  const ports = await listening(child)
  const processes = Number(settings.GATEWAY_PROCESSES ?? 1)
  await until(() => hasApplied(messages, 0, processes), 'the gateway read its routes')
  return {
    ...ports,
    child,
    redis,
    keys,
    messages,
    publish: async (change) => {
      const version = Number(await redis.get(keys.version)) + 1
      const whole = { version, put: change.put ?? [], remove: change.remove ?? [] }
      await write(redis, keys, whole)
      await redis.publish(keys.changes, JSON.stringify(whole))
      await until(() => hasApplied(messages, version, processes), `the gateway applied version ${version}`)
      return version
    },
    startAnother: async () => {
      const other = start()
      const { port, adminPort } = await listening(other)
      const isReady = async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok
      await until(isReady, 'the other gateway is ready')
      return { port, [Symbol.asyncDispose]: () => stop(other) }
    },
    [Symbol.asyncDispose]: async () => {
      await stop(child)
      redis.disconnect()
      listener.disconnect()
      await ownRedis?.[Symbol.asyncDispose]()
    },
  }
}

/** Whether so many of the gateway's processes serve by the version. */
export const hasApplied = (messages: readonly GatewayMessage[], version: number, processes = 1): boolean => {
  const applied = messages.filter((message) => message.kind === 'applied' && message.version >= version)
  return new Set(applied.map(({ gateway }) => gateway)).size >= processes
}

export const hasDrained = (messages: readonly GatewayMessage[], endpoint: string): boolean =>
  messages.some((message) => message.kind === 'drained' && message.endpoint === endpoint)

/** Writes table and version as the controller does, without telling anybody. */
export const write = async (redis: Redis, keys: GatewayWorld['keys'], change: RouteChange): Promise<void> => {
  const work = redis.multi().set(keys.version, change.version)
  for (const route of change.put) work.hset(keys.table, routeKey(route), JSON.stringify(route))
  for (const key of change.remove) work.hdel(keys.table, key)
  await work.exec()
}

const listening = async (child: ChildProcess): Promise<{ port: number; adminPort: number }> => {
  if (!child.stdout) throw new Error('the gateway has no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port, adminPort } = JSON.parse(line)
    if (msg !== 'listening') continue
    child.stdout.resume()
    return { port, adminPort }
  }
  throw new Error('the gateway ended before it listened')
}

export const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await exited
  clearTimeout(timer)
}

/** Polls until the claim holds; throws, naming it, after ten seconds. */
export const until = async (holds: () => boolean | Promise<boolean>, claim: string): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${claim}`)
    await sleep(10)
  }
}
