import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask, HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, startWorld, stop, until } from './support/world.ts'

/** One gateway of several processes. */
const PROCESSES = 3
let world: GatewayWorld
let hello: AFunction
let folder: string

beforeAll(async () => {
  hello = await aFunction()
  folder = await mkdtemp(join(tmpdir(), 'pushfn-processes-'))
  world = await startWorld(
    { GATEWAY_PROCESSES: String(PROCESSES), TMPDIR: folder },
    { routes: [aRoute({ addresses: [hello.address] })] },
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const workersOf = async ({ child }: GatewayWorld): Promise<number[]> => {
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

const socketsOf = async (pid: number): Promise<number> => {
  const links = (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((link) => link.startsWith('socket:')).length
}

const metric = async (name: string, labels = '', { adminPort }: GatewayWorld = world): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name}{${labels}`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

const isReady = async ({ adminPort }: GatewayWorld): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok

describe('workers', () => {
  test('each is a gateway of its own to the controller', async () => {
    await until(async () => (await world.redis.zcard(world.keys.heartbeats)) === PROCESSES, 'all are on the list')
    expect(await workersOf(world)).toHaveLength(PROCESSES)
  })

  test('connections are spread over all of them', async () => {
    const workers = await workersOf(world)
    const before = await Promise.all(workers.map(socketsOf))
    const sockets: Socket[] = []
    for (let i = 0; i < 120; i += 1) {
      const socket = await openSocket(world.port)
      sockets.push(socket)
      socket.write(`GET /nothing HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
      await once(socket, 'data')
    }
    const more = (await Promise.all(workers.map(socketsOf))).map((count, i) => count - (before[i] ?? 0))
    for (const socket of sockets) socket.destroy()
    expect(Math.min(...more)).toBeGreaterThan(0)
  })

  test('what they count is told once and together', async () => {
    const before = await metric('gateway_function_invocation_total', 'function_name="hello.ada",code="200"')
    for (let i = 0; i < 20; i += 1) await ask({ port: world.port })
    const after = await metric('gateway_function_invocation_total', 'function_name="hello.ada",code="200"')
    expect(after - (before || 0)).toBe(20)
    expect(await metric('gateway_service_count', 'function_name="hello.ada"')).toBe(1)
    expect(await metric('pushfn_gateway_routes')).toBe(1)
    expect(await metric('pushfn_gateway_workers')).toBe(PROCESSES)
    expect(await metric('process_cpu_user_seconds_total')).toBeGreaterThan(0)
  })

  test('one that is killed is replaced, what it had counted stays counted, and no new call fails', async () => {
    const counted = await metric('gateway_function_invocation_total', 'function_name="hello.ada",code="200"')
    const [victim = 0] = await workersOf(world)
    process.kill(victim, 'SIGKILL')
    await until(async () => !(await workersOf(world)).includes(victim), 'it is gone')
    for (let i = 0; i < 20; i += 1) expect((await ask({ port: world.port })).status).toBe(200)
    await until(async () => (await metric('pushfn_gateway_workers')) === PROCESSES, 'there are as many as before')
    const workers = await workersOf(world)
    expect([workers.length, workers.includes(victim)]).toEqual([PROCESSES, false])
    expect(await metric('pushfn_gateway_worker_restarts_total')).toBe(1)
    const now = await metric('gateway_function_invocation_total', 'function_name="hello.ada",code="200"')
    expect(now).toBe(counted + 20)
  })

  test('where half of them do not answer the gateway is not ready', async () => {
    const workers = await workersOf(world)
    for (const pid of workers.slice(0, 2)) process.kill(pid, 'SIGSTOP')
    try {
      expect(await isReady(world)).toBe(false)
    } finally {
      for (const pid of workers.slice(0, 2)) process.kill(pid, 'SIGCONT')
    }
    await until(() => isReady(world), 'it is ready again')
  })
})

describe('the primary’s own socket', () => {
  const internal = async () => {
    const [name = ''] = (await readdir(folder)).filter((one) => one.startsWith('pushfn-gateway-'))
    return join(folder, name, 'internal.sock')
  }
  const call = async (headers: Record<string, string>) => {
    const req = httpRequest({ socketPath: await internal(), path: '/hello', headers: { host: HOST, ...headers } }).end()
    const [res] = await once(req, 'response')
    let body = ''
    for await (const piece of res) body += piece
    return JSON.parse(body).headers as Record<string, string>
  }
  const words = { 'x-call-id': 'kept', 'x-start-time': '1700000000000000000', 'x-pushfn-try': '2' }

  test('is open to nobody else', async () => {
    const path = await internal()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
  })

  test('what comes there is believed, and the same from a caller is not', async () => {
    expect(await call({ ...words, 'x-forwarded-for': '203.0.113.9' })).toMatchObject({
      ...words,
      'x-forwarded-for': '203.0.113.9',
    })
    const { headers } = JSON.parse((await ask({ port: world.port, headers: words })).body)
    expect(headers['x-start-time']).not.toBe(words['x-start-time'])
    expect(headers).not.toHaveProperty('x-pushfn-try')
  })
})

describe('stopping', () => {
  test('calls in flight on all workers finish, and nothing is left', async () => {
    const finish: (() => void)[] = []
    await using slow = await aFunction((_, res) => {
      finish.push(() => res.end('done'))
    })
    const settings = { GATEWAY_PROCESSES: '2', TMPDIR: folder }
    await using stopping = await startWorld(settings, { routes: [aRoute({ addresses: [slow.address] })] })
    const calls = Array.from({ length: 8 }, () => ask({ port: stopping.port }))
    await until(() => finish.length === 8, 'all calls are at the function')
    const workers = await workersOf(stopping)
    // As a terminal and a supervisor do it: the signal comes to all processes at once.
    for (const pid of workers) process.kill(pid, 'SIGTERM')
    const stopped = stop(stopping.child)
    for (const one of finish) one()
    expect((await Promise.all(calls)).map(({ body }) => body)).toEqual(Array(8).fill('done'))
    await stopped
    expect(stopping.child.exitCode).toBe(0)
    expect(await stopping.redis.zcard(stopping.keys.heartbeats)).toBe(0)
    expect(await readdir(folder)).toHaveLength(1)
  })

  test('workers whose primary was killed leave by themselves', async () => {
    await using orphaned = await startWorld(
      { GATEWAY_PROCESSES: '2' },
      { routes: [aRoute({ addresses: [hello.address] })] },
    )
    const workers = await workersOf(orphaned)
    orphaned.child.kill('SIGKILL')
    const isGone = (pid: number) =>
      readFile(`/proc/${pid}/stat`, 'utf8').then(
        (text) => /\) Z /.test(text),
        () => true,
      )
    await until(async () => (await Promise.all(workers.map(isGone))).every(Boolean), 'all are gone')
  })

  test('a port that is taken ends the start with a word of it', async () => {
    await expect(startWorld({ GATEWAY_PORT: String(world.port) })).rejects.toThrow('ended before it listened')
  })
})
