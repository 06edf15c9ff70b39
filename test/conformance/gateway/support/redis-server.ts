import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findFreePort } from '@pushfn/local/free-port'
import { Redis } from 'ioredis'

export interface RedisServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

/** A Redis of its own, in memory alone. */
export const startRedis = async (port?: number): Promise<RedisServer> => {
  const on = port ?? (await findFreePort())
  const options = ['--port', String(on), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  const probe = new Redis(on, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  probe.on('error', () => undefined)
  await probe.ping()
  probe.disconnect()
  return {
    port: on,
    url: `redis://127.0.0.1:${on}`,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
