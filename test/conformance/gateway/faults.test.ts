import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRawFunction, aRoute } from './support/a-function.ts'
import { ask, HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, hasDrained, startWorld, stop, until } from './support/world.ts'

/** What callers see when functions fail, go, or come. */
let world: GatewayWorld
let sound: AFunction

beforeAll(async () => {
  sound = await aFunction()
  world = await startWorld({ GATEWAY_HEADER_TIMEOUT_MS: '500', GATEWAY_MAX_CONNECTIONS_PER_ENDPOINT: '4' })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await sound[Symbol.asyncDispose]()
})

const post = { method: 'POST', body: 'x'.repeat(10) }

describe('replicas that fail', () => {
  test('a replica that fails again and again is left out, told of, and found again when it is back', async () => {
    let isBroken = true
    let asked = 0
    await using shaky = await aRawFunction((socket) => {
      socket.on('data', () => {
        asked += 1
        if (isBroken) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await world.publish({ put: [aRoute({ function: 'shaky', addresses: [shaky.address, sound.address] })] })
    const ejected = async () => {
      const text = await (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()
      return /pushfn_gateway_ejected\{function_name="shaky.ada".* 1/.test(text)
    }
    await until(async () => {
      expect((await ask({ port: world.port, path: '/shaky' })).status).toBe(200)
      return ejected()
    }, 'it is left out')
    const before = asked
    expect(before).toBeGreaterThanOrEqual(3)
    isBroken = false
    await until(async () => {
      expect((await ask({ port: world.port, path: '/shaky', ...post })).status).toBe(200)
      return asked > before
    }, 'it is asked again')
    expect(await ejected()).toBe(false)
  })

  test('where all replicas fail each is still asked', async () => {
    let asked = 0
    const serve = (socket: import('node:net').Socket) =>
      socket.on('data', () => {
        asked += 1
        socket.resetAndDestroy()
      })
    await using one = await aRawFunction(serve)
    await using two = await aRawFunction(serve)
    await world.publish({ put: [aRoute({ function: 'failing', addresses: [one.address, two.address] })] })
    for (let i = 0; i < 12; i += 1)
      expect((await ask({ port: world.port, path: '/failing', ...post })).status).toBe(502)
    expect(asked).toBe(12)
  })

  test('a caller that leaves while it waits frees the function', async () => {
    await using silent = await aRawFunction((socket) => socket.resume())
    await world.publish({ put: [aRoute({ function: 'left', addresses: [silent.address], responseTimeoutMs: 60_000 })] })
    const sockets = await Promise.all(Array.from({ length: 8 }, () => openSocket(world.port)))
    for (const socket of sockets) socket.write(`GET /left HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await until(() => silent.connections.size === 4, 'as many connections as may be are open')
    for (const socket of sockets) socket.destroy()
    await until(() => silent.connections.size === 0, 'all are closed')
    await world.publish({ remove: ['ada/left'] })
    await until(() => hasDrained(world.messages, 'left-0'), 'no call is left, those in line neither')
  })

  test('more calls than connections wait in line and are all answered', async () => {
    await using slow = await aFunction((_, res) => setTimeout(() => res.end('ok'), 20))
    await world.publish({ put: [aRoute({ function: 'line', addresses: [slow.address] })] })
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask({ port: world.port, path: '/line' })))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const flood = await Promise.all(Array.from({ length: 120 }, () => ask({ port: world.port, path: '/line' })))
    const refused = flood.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, headers } of refused) expect([status, headers['retry-after']]).toEqual([503, '1'])
  })
})

describe('callers that hold on', () => {
  test('a hundred slow callers do not keep a good one waiting', async () => {
    await world.publish({ put: [aRoute({ addresses: [sound.address] })] })
    const slow = await Promise.all(Array.from({ length: 100 }, () => openSocket(world.port)))
    for (const socket of slow) socket.write(`GET /hello HTTP/1.1\r\nHost: ${HOST}\r\n`)
    for (let i = 0; i < 20; i += 1) expect((await ask({ port: world.port })).status).toBe(200)
    await Promise.all(slow.map((socket) => once(socket.resume(), 'end')))
    for (const socket of slow) socket.destroy()
  })
})

describe('under load', () => {
  /** Calls on kept connections until told to stop; gives the statuses (0 for a broken connection). */
  const load = (path: string, method: string, lanes = 8) => {
    let isOver = false
    const statuses: number[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: lanes })
    const call = () =>
      new Promise<number>((resolve) => {
        const body = method === 'POST' ? 'x' : undefined
        const headers = { host: HOST, 'content-length': body?.length ?? 0 }
        const req = httpRequest({ port: world.port, host: '127.0.0.1', path, method, agent, headers }, (res) => {
          res.resume()
          res.on('end', () => resolve(res.statusCode ?? 0)).on('error', () => resolve(0))
        })
        req.on('error', () => resolve(0)).end(body)
      })
    const lane = async () => {
      while (!isOver) statuses.push(await call())
    }
    const done = Promise.all(Array.from({ length: lanes }, lane))
    return async () => {
      isOver = true
      await done
      agent.destroy()
      return statuses
    }
  }

  test('replicas are swapped ten times and no call fails, GET or POST; each is drained only when idle', async () => {
    const inFlight = new Map<string, number>()
    const replica = async (id: string) => {
      const started = await aFunction((req, res) => {
        inFlight.set(id, (inFlight.get(id) ?? 0) + 1)
        req.resume().on('end', () =>
          setTimeout(() => {
            inFlight.set(id, (inFlight.get(id) ?? 0) - 1)
            res.end('ok')
          }, 5),
        )
      })
      return { id, ...started }
    }
    const routed = ({ id, address }: { id: string; address: string }) => ({
      ...aRoute({ function: 'swap' }),
      endpoints: [{ id, address }],
    })
    let current = await replica('swap-start')
    await world.publish({ put: [routed(current)] })
    const stopGets = load('/swap', 'GET')
    const stopPosts = load('/swap', 'POST')
    for (let round = 0; round < 10; round += 1) {
      const next = await replica(`swap-${round}`)
      await world.publish({ put: [routed(next)] })
      await until(() => hasDrained(world.messages, current.id), `${current.id} is drained`)
      expect(inFlight.get(current.id) ?? 0).toBe(0)
      await current[Symbol.asyncDispose]()
      current = next
      await sleep(30)
    }
    const statuses = [...(await stopGets()), ...(await stopPosts())]
    await current[Symbol.asyncDispose]()
    expect(statuses.length).toBeGreaterThan(200)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
  })

  test('a function that closes idle connections at random costs no GET and repeats no POST', async () => {
    const seen = new Map<string, number>()
    let closed = 0
    await using racing = await aFunction((req, res) => {
      const id = String(req.headers['x-call-id'])
      if (req.method === 'POST') seen.set(id, (seen.get(id) ?? 0) + 1)
      req.resume().on('end', () => res.end('ok'))
      if (Math.random() < 0.3) {
        res.on('finish', () =>
          setTimeout(() => {
            closed += 1
            req.socket.destroy()
          }, Math.random() * 3),
        )
      }
    })
    await world.publish({ put: [aRoute({ function: 'race', addresses: [racing.address] })] })
    const stopGets = load('/race', 'GET')
    const stopPosts = load('/race', 'POST')
    await sleep(3_000)
    const [gets, posts] = [await stopGets(), await stopPosts()]
    expect(closed).toBeGreaterThan(100)
    expect(gets.filter((status) => status !== 200)).toEqual([])
    expect(posts.filter((status) => status !== 200 && status !== 502)).toEqual([])
    expect([...seen.values()].filter((times) => times > 1)).toEqual([])
  })
})

describe('stopping', () => {
  test('calls in flight finish, new ones are refused, and then the process is gone', async () => {
    let finish: (() => void) | undefined
    await using slow = await aFunction((_, res) => {
      res.write('begun ')
      finish = () => res.end('and done')
    })
    await using stopping = await startWorld({}, { routes: [aRoute({ addresses: [slow.address] })] })
    const call = ask({ port: stopping.port })
    await until(() => finish !== undefined, 'the call is at the function')
    const idle = await openSocket(stopping.port)
    const stopped = stop(stopping.child)
    await once(idle.resume(), 'end')
    idle.destroy()
    await until(() => openSocketFails(stopping.port), 'no new connection is taken')
    expect(stopping.child.exitCode).toBe(null)
    finish?.()
    expect((await call).body).toBe('begun and done')
    await stopped
    expect(stopping.child.exitCode).toBe(0)
  })
})

const openSocketFails = async (port: number): Promise<boolean> => {
  try {
    const socket = await openSocket(port)
    socket.destroy()
    return false
  } catch {
    return true
  }
}
