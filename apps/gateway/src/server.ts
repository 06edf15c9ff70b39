import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CallerResponse } from './caller-response.ts'
import type { GatewayProxy } from './proxy.ts'
import { refuseInTurn } from './refuse-in-turn.ts'

export interface ServerLimits {
  headerTimeoutMs: number
  keepAliveTimeoutMs: number
  maxHeaderBytes: number
  maxConnections: number
}

export interface PublicServer {
  /** 0 for one that listens on a path. */
  readonly port: number
  /** Accepts no more, lets calls in flight finish for so long, then cuts what is left. */
  stop(timeoutMs: number): Promise<void>
}

const BACKLOG = 4_096

/**
 * The door to the outside: Node's HTTP server with its strict parser and a limit on everything a caller could hold on
 * to. There is no limit on a whole request's time, since that would end long uploads; a body must keep moving instead
 * (the route's idle time-out).
 */
export const startServer = async (options: {
  listen: { host: string; port: number } | { path: string }
  limits: ServerLimits
  proxy: GatewayProxy
}): Promise<PublicServer> => {
  const { limits, proxy } = options
  const server = createServer({
    ServerResponse: CallerResponse,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(limits.headerTimeoutMs, 2_000),
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    noDelay: true,
    // A request without a body has no stream to be run; it makes a tenth of the work.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isWebSocket,
  })
  // Counted by us, since Node would drop the surplus without a word, and with it a header that matters.
  server.maxHeadersCount = 0
  server.maxConnections = limits.maxConnections
  server.on('request', (req, res) => proxy.handle(req, res))
  server.on('checkContinue', (req, res) => proxy.handle(req, res, true))
  // Any other expectation: a problem like others, and no bare line of Node's.
  server.on('checkExpectation', (req, res) => proxy.handle(req, res))
  server.on('clientError', refuseInTurn)
  server.on('upgrade', (req, socket, head) => proxy.upgrade(req, netSocket(socket), head))
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n'))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...options.listen, backlog: BACKLOG }, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    stop: (timeoutMs) => stopServer(server, sockets, timeoutMs),
  }
}

/**
 * WebSocket alone is let through. Every other Upgrade is ignored, as RFC 9110 §7.8 allows: `h2c` would open a tunnel in
 * which requests pass unseen.
 */
const isWebSocket = (req: IncomingMessage): boolean => {
  const { headers } = req
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return req.method === 'GET' && !hasBody && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Node types an upgraded connection as any Duplex; of a server on TCP or on a path it is a net.Socket. */
const netSocket = (socket: unknown): Socket => socket as Socket

/** What stopping wants of a server, whatever its response's class. */
interface Stoppable {
  close(done: () => void): unknown
  closeIdleConnections(): void
}

const stopServer = async (server: Stoppable, sockets: ReadonlySet<Socket>, timeoutMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Node takes a connection that has not said a word yet for a busy one.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  // Connections whose answer was under way at the time of `close` become idle one by one.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await Promise.race([closed, sleep(timeoutMs, undefined, { ref: false })])
  clearInterval(sweep)
  for (const socket of sockets) socket.destroy()
  await closed
}
