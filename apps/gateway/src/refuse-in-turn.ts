import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** By Node's name for what is wrong with a request; what is not here is 400. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** A caller's connection, and what of Node's is kept with it: the response whose turn it is. */
type CallerSocket = Duplex & { _httpMessage?: ServerResponse | null }

const refused = new WeakSet<Duplex>()

/**
 * Answers what is no HTTP, and closes. Node would do so at once, and the caller would take the refusal for the answer to a
 * request before it: one that was in order, and that its function has carried out. Those are answered first.
 */
export const refuseInTurn = (error: Error & { code?: string }, socket: CallerSocket): void => {
  // What comes behind the fault is refused with it.
  if (refused.has(socket)) return
  refused.add(socket)
  refuseNext(socket, REFUSALS[error.code ?? ''] ?? '400 Bad Request')
}

const refuseNext = (socket: CallerSocket, status: string): void => {
  const before = socket._httpMessage
  // Its request is whole, so that the fault is not its own.
  if (before?.req.complete && !socket.destroyed) {
    // After Node has given the turn to the next one, which it does when it hears the same.
    before.once('finish', () => setImmediate(refuseNext, socket, status))
    return
  }
  if (socket.writable && !before?.headersSent) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
  socket.destroy()
}
