import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import { LoadReport, loadChannel } from '@pushfn/model/load'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRoute } from './support/a-function.ts'
import { ask, HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'

/** What becomes of calls for which no replica runs. */
let world: GatewayWorld
let hello: AFunction
const reports: LoadReport[] = []
let listener: Redis

beforeAll(async () => {
  hello = await aFunction()
  world = await startWorld({ GATEWAY_MAX_HELD: '30' })
  listener = world.redis.duplicate()
  listener.on('message', (_channel, text) => reports.push(LoadReport.parse(JSON.parse(text))))
  await listener.subscribe(loadChannel(world.keys.table.replace(':routes', '')))
})
afterAll(async () => {
  listener.disconnect()
  await world[Symbol.asyncDispose]()
  await hello[Symbol.asyncDispose]()
})

const hold = { calls: 20, ms: 20_000 }
const asleep = (name: string, held = hold) => world.publish({ put: [aRoute({ function: name, hold: held })] })
const awake = (name: string, address = hello.address) =>
  world.publish({ put: [aRoute({ function: name, addresses: [address], hold })] })
const wakesOf = (name: string) => world.messages.filter((one) => one.kind === 'wake' && one.function === name)
const untilHeld = (name: string, count: number) =>
  until(() => (reports.at(-1)?.functions[`ada/${name}`]?.held ?? 0) === count, `${count} calls of ${name} are held`)

describe('a call for a function that sleeps', () => {
  test('waits, wakes it at once and again each second, and goes on as soon as there is a replica', async () => {
    await asleep('early')
    const call = ask({ port: world.port, path: '/early/x?y=1', method: 'POST', body: 'with a body' })
    await until(() => wakesOf('early').length === 1, 'it is wanted')
    expect(wakesOf('early')[0]).toMatchObject({ host: 'ada', function: 'early' })
    await until(() => wakesOf('early').length >= 2, 'it is wanted again')
    await awake('early')
    const { status, body } = await call
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ method: 'POST', url: '/x?y=1', body: 'with a body' })
    const said = wakesOf('early').length
    await sleep(1_300)
    expect(wakesOf('early')).toHaveLength(said)
  })

  test('however many wait, it is wanted once at a time, and they go on in the order they came', async () => {
    await asleep('many')
    const order: string[] = []
    await using inOrder = await aFunction((req, res) => {
      order.push(req.url ?? '')
      res.end('ok')
    })
    const calls: ReturnType<typeof ask>[] = []
    for (let n = 0; n < 10; n += 1) {
      calls.push(ask({ port: world.port, path: `/many/${n}` }))
      await untilHeld('many', n + 1)
    }
    const seconds = wakesOf('many').length
    await awake('many', inOrder.address)
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(order).toEqual(calls.map((_, n) => `/${n}`))
    expect(seconds).toBeLessThan(10)
  })

  test('is told of as load at once, and averaged over its time', async () => {
    await asleep('told')
    const before = reports.length
    const call = ask({ port: world.port, path: '/told' })
    await until(
      () => reports.slice(before).some((one) => one.isUrgent && one.functions['ada/told']?.held === 1),
      'told',
    )
    await until(() => (reports.at(-1)?.functions['ada/told']?.concurrency ?? 0) > 0.99, 'one call all the time')
    await awake('told')
    await call
    await until(() => reports.at(-1)?.functions['ada/told'] === undefined, 'nothing any more')
  })

  test('a body is not read, and 100-continue not said, before there is somebody to read it', async () => {
    await asleep('patient')
    const socket = await openSocket(world.port)
    let text = ''
    socket.setEncoding('latin1').on('data', (data) => {
      text += data
    })
    socket.write(`POST /patient HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`)
    await untilHeld('patient', 1)
    expect(text).toBe('')
    await awake('patient')
    await until(() => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), 'the caller may go on')
    socket.write('hello')
    await until(() => text.includes('"body":"hello"'), 'the function saw the body')
    socket.destroy()
  })

  test('a caller that leaves frees its place', async () => {
    await asleep('left', { calls: 1, ms: 20_000 })
    const socket = await openSocket(world.port)
    socket.write(`GET /left HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await untilHeld('left', 1)
    expect((await ask({ port: world.port, path: '/left' })).status).toBe(503)
    socket.destroy()
    await until(() => reports.at(-1)?.functions['ada/left'] === undefined, 'nobody waits')
    const call = ask({ port: world.port, path: '/left' })
    await untilHeld('left', 1)
    await awake('left')
    expect((await call).status).toBe(200)
  })

  test('whose function goes away while it waits is 404', async () => {
    await asleep('gone')
    const call = ask({ port: world.port, path: '/gone' })
    await untilHeld('gone', 1)
    await world.publish({ remove: ['ada/gone'] })
    expect((await call).status).toBe(404)
  })

  test('is counted as a cold start when it goes on, and as held before', async () => {
    const metrics = async () => (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()
    await asleep('cold')
    const call = ask({ port: world.port, path: '/cold' })
    await untilHeld('cold', 1)
    expect(await metrics()).toMatch(/pushfn_gateway_held\{function_name="cold\.ada"[^}]*\} 1/)
    await awake('cold')
    await call
    await ask({ port: world.port, path: '/cold' })
    const after = await metrics()
    expect(after).toMatch(/pushfn_gateway_cold_starts_total\{function_name="cold\.ada"[^}]*\} 1/)
    expect(after).not.toContain('pushfn_gateway_held{function_name="cold.ada"')
  })
})

describe('past the bounds it is 503 with Retry-After, and says which', () => {
  const problemOf = async (path: string) => {
    const { status, headers, body } = await ask({ port: world.port, path })
    expect([status, Number(headers['retry-after'])]).toEqual([503, expect.any(Number)])
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    return JSON.parse(body).detail
  }

  test('when nothing got ready in time', async () => {
    await asleep('slow', { calls: 5, ms: 300 })
    expect(await problemOf('/slow')).toMatch(/no replica of it got ready within 0.3 s/)
  })

  test('when too many wait for the function, or for all together', async () => {
    await asleep('full', { calls: 2, ms: 20_000 })
    await asleep('other', { calls: 100, ms: 20_000 })
    const calls = ['/full', '/full'].map((path) => ask({ port: world.port, path }))
    await untilHeld('full', 2)
    expect(await problemOf('/full')).toMatch(/2 wait for the function already/)
    const others = Array.from({ length: 28 }, () => ask({ port: world.port, path: '/other' }))
    await untilHeld('other', 28)
    expect(await problemOf('/other')).toMatch(/as many requests wait .* as this gateway holds/)
    await awake('full')
    await awake('other')
    const ended = await Promise.all([...calls, ...others])
    expect(ended.filter(({ status }) => status !== 200)).toEqual([])
  })
})

describe('a call whose replicas all refuse', () => {
  test('waits for one that does not: a replica that was killed is on its way back', async () => {
    const dead = `127.0.0.1:${await findFreePort()}`
    await world.publish({ put: [aRoute({ function: 'killed', addresses: [dead], hold })] })
    const call = ask({ port: world.port, path: '/killed', method: 'POST', body: 'x' })
    await untilHeld('killed', 1)
    await awake('killed')
    expect((await call).status).toBe(200)
  })

  test('tries the same again each second', async () => {
    const port = await findFreePort()
    await world.publish({ put: [aRoute({ function: 'late', addresses: [`127.0.0.1:${port}`], hold })] })
    const call = ask({ port: world.port, path: '/late' })
    await untilHeld('late', 1)
    await using late = await aFunction(undefined, port)
    expect((await call).status).toBe(200)
    expect(late.seen).toHaveLength(1)
  })

  test('is told so when its time is over', async () => {
    const dead = `127.0.0.1:${await findFreePort()}`
    await world.publish({ put: [aRoute({ function: 'dead', addresses: [dead], hold: { calls: 5, ms: 400 } })] })
    const { status, body } = await ask({ port: world.port, path: '/dead' })
    expect([status, JSON.parse(body).title]).toEqual([502, 'Function unreachable'])
  })
})

test('a replica that goes to sleep at the moment of a call loses none', async () => {
  await awake('flicker')
  let isDone = false
  const flickering = (async () => {
    while (!isDone) {
      await asleep('flicker')
      await awake('flicker')
    }
  })()
  const statuses: number[] = []
  for (let n = 0; n < 200; n += 10) {
    const some = Array.from({ length: 10 }, () =>
      ask({ port: world.port, path: '/flicker', method: 'POST', body: 'x' }),
    )
    statuses.push(...(await Promise.all(some)).map(({ status }) => status))
  }
  isDone = true
  await flickering
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})
