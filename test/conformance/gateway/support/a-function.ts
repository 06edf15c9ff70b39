import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { type Route, RoutePolicy } from '@pushfn/model/route'

/** What a function saw of one request. */
export interface Seen {
  method: string
  url: string
  headers: Record<string, string>
  /** Names in lower case, in order, with repetitions. */
  names: string[]
  body: string
}

export interface AFunction extends AsyncDisposable {
  readonly address: string
  readonly server: Server
  /** Every request whose body has arrived whole. */
  readonly seen: Seen[]
}

type Behaviour = (req: IncomingMessage, res: ServerResponse) => void

/** A function that is a real HTTP server; without a behaviour it reads the request whole and answers what it saw. */
export const aFunction = async (behaviour?: Behaviour, port = 0): Promise<AFunction> => {
  const seen: Seen[] = []
  const server = createServer((req, res) => (behaviour ? behaviour(req, res) : tell(req, res, seen)))
  server.on('checkContinue', (req, res) => server.emit('request', req, res))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    // A server that listens on TCP has an AddressInfo.
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const tell = async (req: IncomingMessage, res: ServerResponse, seen: Seen[]): Promise<void> => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('error', () => undefined)
  req.on('end', () => {
    const what: Seen = {
      method: req.method ?? '',
      url: req.url ?? '',
      headers: Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)])),
      names: req.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
      body: Buffer.concat(chunks).toString('latin1'),
    }
    seen.push(what)
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(what))
  })
}

/** A function below HTTP: what it does with a connection is the test's own. */
export const aRawFunction = async (
  serve: (socket: Socket) => unknown,
): Promise<AsyncDisposable & { readonly address: string; readonly connections: Set<Socket> }> => {
  const connections = new Set<Socket>()
  const server = createTcpServer((socket) => {
    connections.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => connections.delete(socket))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    // As above.
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const HOLD_NONE = { calls: 0, ms: 0 }

/** A route with everything filled in, that holds no calls; `addresses` become endpoints `<function>-0`, `<function>-1` … */
export const aRoute = (
  about: { tenant?: string; host?: string; function?: string; addresses?: string[] } & Partial<Route['policy']>,
): Route => {
  const { tenant = 'ada', host = tenant, function: name = 'hello', addresses = [], ...policy } = about
  const replica = host === tenant ? name : `${host}-${name}`
  return {
    host,
    function: name,
    tenant,
    revision: 'r1',
    endpoints: addresses.map((address, i) => ({ id: `${replica}-${i}`, address })),
    policy: RoutePolicy.parse({
      responseTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      maxBodyBytes: 1_000_000,
      hold: HOLD_NONE,
      ...policy,
    }),
  }
}
