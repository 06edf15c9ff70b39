import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '@pushfn/local/free-port'
import type { Route } from '@pushfn/model/route'
import { expect } from 'vitest'
import { aRoute } from '../support/a-function.ts'
import { fieldOf, type Message, readMessages } from '../support/messages.ts'
import { openSocket } from '../support/raw-client.ts'
import { type AtCaller, type AtFunction, HOST, OK, type Row } from './row.ts'
import { openSide, playSteps, type Side, type Step } from './side.ts'

/** A row made ready: its function listens, and its route leads there. */
export interface Stage extends AsyncDisposable {
  readonly route: Route
  /** Plays the row on the gateway at this port and compares what was seen. */
  play(port: number): Promise<void>
  /** Whether the function has heard anything to this day. */
  wasAsked(): boolean
}

/** A function beside all rows: whoever is answered by it has a connection that serves on. */
export const PROBE_HOST = 'probe.fn.localhost'
const PROBE = `GET /hello HTTP/1.1\r\nHost: ${PROBE_HOST}\r\n\r\n`
export const PROBE_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nstill here'

const label = (index: number): string => `row-${String(index).padStart(3, '0')}`

export const setStage = async (row: Row, index: number): Promise<Stage> => {
  const spell = (text: string) => text.replaceAll(HOST.split('.')[0] ?? '', label(index))
  const complaints: string[] = []
  const connections: Side[] = []
  let caller: Side | undefined
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const side = openSide(socket, { other: () => caller, complaints })
    connections.push(side)
    const steps = stepsOf(row, connections.length - 1)
    await playSteps(side, steps, spell).catch((error: Error) => complaints.push(`the function ${error.message}`))
    if (side.hasEnded) socket.end()
    else socket.once('end', () => socket.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on TCP has an AddressInfo.
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { policy, replicas = 1, dead = 0 } = row
  const addresses: string[] = []
  for (let i = 0; i < dead; i += 1) addresses.push(`127.0.0.1:${await findFreePort()}`)
  for (let i = 0; i < replicas; i += 1) addresses.push(address)
  const route = aRoute({ tenant: label(index), addresses, ...policy })
  const endpoints = route.endpoints.map((endpoint) => ({ ...endpoint, id: `${label(index)}-${endpoint.id}` }))

  const play = async (port: number): Promise<void> => {
    const side = openSide(await openSocket(port), { other: () => connections.at(-1), complaints })
    caller = side
    const isHead = String(row.caller[0]).startsWith('HEAD ')
    const answers = () => readMessages(side.heard, { kind: 'answers', isHead, hasEnded: side.hasEnded }).map(told)
    try {
      await playSteps(side, row.caller, spell)
      await compareCaller(side, row.atCaller, answers)
      await compareFunction(connections, row.atFunction)
      expect(complaints).toEqual([])
    } finally {
      side.socket.destroy()
      for (const { socket } of connections) socket.destroy()
    }
  }
  return {
    route: { ...route, endpoints },
    play,
    wasAsked: () => connections.some(({ heardBytes }) => heardBytes > 0),
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const stepsOf = (row: Row, connection: number): readonly Step[] => {
  const script = row.function ?? [answers]
  if (!script.every((one) => Array.isArray(one))) return script.filter((one) => !Array.isArray(one))
  return script[Math.min(connection, script.length - 1)] ?? []
}

/** What a function does that is in order: `ok` to each request once it is whole. */
const answers = async (side: Side): Promise<void> => {
  for (let answered = 0; !side.isClosed; answered += 1) {
    await side.until(() => (requestsOf(side)[answered]?.isWhole ?? false) || side.hasEnded)
    if (side.hasEnded) return
    side.socket.write(OK)
  }
}

const requestsOf = (side: Side): Message[] => readMessages(side.heard, { kind: 'requests' })

/** An answer as a row writes it: what came of its body, its trailers, and whether there was an end. */
interface Told {
  text: string
  message: Message
}

const told = (message: Message): Told => {
  const status = message.start.split(' ')[1] ?? message.start
  const isProblem = message.isWhole && fieldOf(message, 'content-type') === 'application/problem+json'
  return { text: isProblem && message.body ? problemOf(message.body) : rest(status, message), message }
}

/** Whoever is told of a function's fault learns which function, and nothing of where it runs. */
const problemOf = (body: string): string => {
  const { status, title, function: name } = JSON.parse(body)
  const isDiscreet = !body.includes('127.0.0.1') && (name === undefined || /^hello\.row-\d{3}$/.test(name))
  return isDiscreet ? `${status} ${title}` : body
}

const rest = (start: string, { body, trailers, isWhole }: Message): string =>
  `${start}${body && ` ${body}`}${trailers.map((trailer) => ` [${trailer}]`).join('')}${isWhole ? '' : '…'}`

const compareCaller = async (side: Side, wanted: AtCaller, answersOf: () => Told[]): Promise<void> => {
  const { connection } = wanted
  const isDone = () => answersOf().filter(({ message }) => message.isWhole).length >= wanted.answers.length
  if (connection === 'kept') {
    await side.until(isDone).catch(() => undefined)
    side.socket.write(PROBE)
    await side.until(() => side.heard.includes('still here')).catch(() => undefined)
  } else if (connection === 'closed') await side.until(() => side.hasEnded)
  const seen = answersOf()
  const probed = connection === 'kept' ? ['200 still here'] : []
  expect(seen.map(({ text }, i) => shown(text, wanted.answers[i]))).toEqual([...wanted.answers, ...probed])
  const last = seen[wanted.answers.length - 1]?.message
  compareFields(last, wanted)
}

/** The wanted pattern itself where what was seen is of it; else what was seen. */
const shown = (text: string, wanted: string | RegExp | undefined) =>
  wanted instanceof RegExp && wanted.test(text) ? wanted : text

const compareFunction = async (connections: readonly Side[], wanted: 'nothing' | AtFunction): Promise<void> => {
  if (wanted === 'nothing') {
    expect(connections.map(({ heard }) => heard).filter(Boolean)).toEqual([])
    return
  }
  const requests = () =>
    connections.flatMap((side) => requestsOf(side).map((message) => ({ text: asked(message), message })))
  await settled(() => requests().map(({ text }, i) => shown(text, wanted.requests[i])), wanted.requests)
  compareFields(requests()[0]?.message, wanted)
  if (wanted.connection === 'closed') await settled(() => connections.filter((side) => !isOver(side)).length, 0)
  if (wanted.connection === 'kept') {
    await sleep(50)
    expect(connections.map(isOver)).toEqual([false])
  }
}

const isOver = (side: Side): boolean => side.isClosed || side.hasEnded

const asked = (message: Message): string => rest(message.start.replace(/ HTTP\/1\.1$/, ''), message)

const compareFields = (message: Message | undefined, wanted: { has?: (string | RegExp)[]; hasNot?: string[] }) => {
  const lines = message?.fields ?? []
  for (const line of wanted.has ?? []) {
    const isThere = typeof line === 'string' ? lines.includes(line) : lines.some((one) => line.test(one))
    expect(isThere ? line : lines).toBe(line)
  }
  expect(lines.filter((line) => wanted.hasNot?.includes(line.split(':')[0] ?? ''))).toEqual([])
}

/** What is told on another connection may come a little later. */
const settled = async <Value>(see: () => Value, wanted: Value): Promise<void> => {
  await expect.poll(see, { timeout: 15_000, interval: 5 }).toEqual(wanted)
}
