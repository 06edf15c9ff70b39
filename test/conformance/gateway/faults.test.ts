import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../bench/support/processes.ts'
import { type AFunction, aFunction, aRawFunction, aRoute } from './support/a-function.ts'
import { ask, exchangeRaw, HOST, openSocket } from './support/raw-client.ts'
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
  test('a refused connection goes to the other replica at once, a POST too', async () => {
    const dead = `127.0.0.1:${await freePort()}`
    await world.publish({ put: [aRoute({ function: 'half', addresses: [dead, sound.address] })] })
    for (let i = 0; i < 10; i += 1) {
      expect((await ask({ port: world.port, path: '/half', ...post })).status).toBe(200)
    }
  })

  test('where all refuse it is 502 and says so', async () => {
    const dead = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    await world.publish({ put: [aRoute({ function: 'dead', addresses: dead })] })
    const { status, body } = await ask({ port: world.port, path: '/dead' })
    expect(status).toBe(502)
    expect(JSON.parse(body)).toMatchObject({ title: 'Function unreachable', function: 'dead.ada' })
    expect(body).not.toContain('127.0.0.1')
  })

  test('a crash after a POST arrived is 502 and the POST is not repeated', async () => {
    let arrived = 0
    await using crashing = await aRawFunction((socket) => {
      socket.once('data', () => {
        arrived += 1
        socket.resetAndDestroy()
      })
    })
    await world.publish({ put: [aRoute({ function: 'crash', addresses: [crashing.address, crashing.address] })] })
    const { status, body } = await ask({ port: world.port, path: '/crash', ...post })
    expect([status, arrived]).toEqual([502, 1])
    expect(JSON.parse(body).title).toBe('Function failed')
    arrived = 0
    expect((await ask({ port: world.port, path: '/crash' })).status).toBe(502)
    expect(arrived).toBe(3)
  })

  test('a GET that lost its connection before a byte came is asked again', async () => {
    let arrived = 0
    await using flaky = await aRawFunction((socket) => {
      socket.on('data', () => {
        arrived += 1
        if (arrived === 1) socket.destroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await world.publish({ put: [aRoute({ function: 'flaky', addresses: [flaky.address] })] })
    expect((await ask({ port: world.port, path: '/flaky' })).body).toBe('ok')
    expect(arrived).toBe(2)
  })

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

  test('an answer that breaks off breaks off at the caller, and is not asked for again', async () => {
    let arrived = 0
    await using broken = await aRawFunction((socket) => {
      socket.once('data', () => {
        arrived += 1
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
        setTimeout(() => socket.destroy(), 50)
      })
    })
    await world.publish({ put: [aRoute({ function: 'broken', addresses: [broken.address] })] })
    await expect(ask({ port: world.port, path: '/broken' })).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    expect(arrived).toBe(1)
  })

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX-One: a\0b\r\nContent-Length: 2\r\n\r\nok'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Large: y\r\n'.repeat(20_000)}`],
  ])('an answer that is %s is 502', async (_, bytes) => {
    await using bad = await aRawFunction((socket) => {
      socket.once('data', () => socket.write(bytes, 'latin1'))
    })
    await world.publish({ put: [aRoute({ function: 'bad', addresses: [bad.address] })] })
    expect((await ask({ port: world.port, path: '/bad', ...post })).status).toBe(502)
  })

  test('bytes that a function sends behind its answer never become another caller’s answer', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    await using poisoning = await aRawFunction((socket) => {
      socket.on('data', () => socket.write(`${answer}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`))
    })
    await world.publish({ put: [aRoute({ function: 'poison', addresses: [poisoning.address] })] })
    for (let i = 0; i < 20; i += 1) {
      expect((await ask({ port: world.port, path: '/poison' })).body).not.toBe('poison')
    }
  })

  test('a function that does not answer in time is 504, one that goes quiet half-way is cut', async () => {
    await using silent = await aRawFunction((socket) => socket.resume())
    await using quiet = await aRawFunction((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    })
    await world.publish({
      put: [
        aRoute({ function: 'silent', addresses: [silent.address], responseTimeoutMs: 300 }),
        aRoute({ function: 'quiet', addresses: [quiet.address], idleTimeoutMs: 300 }),
      ],
    })
    const { status, body } = await ask({ port: world.port, path: '/silent' })
    expect(status).toBe(504)
    expect(JSON.parse(body)).toMatchObject({ title: 'Function timed out', function: 'silent.ada' })
    await expect(ask({ port: world.port, path: '/quiet' })).rejects.toThrow(/aborted|hang up|ECONNRESET/)
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
  test('headers that do not end are cut with 408', async () => {
    const { text, closed } = await exchangeRaw(world.port, `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: `, 8_000)
    expect(closed).toBe(true)
    expect(text).toMatch(/^(HTTP\/1\.1 408|$)/)
  })

  test('a body that stops is cut, and the function sees it', async () => {
    let wasCut = false
    await using reading = await aFunction((req) => {
      req
        .on('error', () => undefined)
        .on('close', () => {
          wasCut = !req.complete
        })
      req.resume()
    })
    await world.publish({ put: [aRoute({ function: 'reading', addresses: [reading.address], idleTimeoutMs: 300 })] })
    const head = `POST /reading HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100\r\n\r\nhalf`
    const { closed } = await exchangeRaw(world.port, head, 8_000)
    expect(closed).toBe(true)
    await until(() => wasCut, 'the function’s request broke off')
  })

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
