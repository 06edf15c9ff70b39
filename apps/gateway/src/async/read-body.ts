import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { StoredBody } from '@pushfn/model/async-call'

/** `tooLarge`: past its own limit; `crowded`: past what all bodies that are read may hold together; `gone`: never whole. */
export type ReadBody = { body: Buffer } | 'tooLarge' | 'crowded' | 'gone'

/**
 * Reads bodies into memory, which stored calls need: each up to its limit, and all that are under way together up to one
 * more, so that many slow callers cannot fill the process.
 */
export class BodyReader {
  readonly #mostTogether: number
  #together = 0

  constructor(mostTogether: number) {
    this.#mostTogether = mostTogether
  }

  read(req: IncomingMessage, limits: { maxBytes: number; idleMs: number }): Promise<ReadBody> {
    if (Number(req.headers['content-length'] ?? 0) > limits.maxBytes) return Promise.resolve('tooLarge')
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = (result: ReadBody) => {
        req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
        req.socket.setTimeout(0)
        this.#together -= bytes
        resolve(result)
      }
      const onData = (chunk: Buffer) => {
        bytes += chunk.length
        this.#together += chunk.length
        chunks.push(chunk)
        if (bytes > limits.maxBytes) end('tooLarge')
        else if (this.#together > this.#mostTogether) end('crowded')
      }
      const onEnd = () => end({ body: Buffer.concat(chunks) })
      const onClose = () => end('gone')
      // Node's server ends a connection whose time is out; a listener of our own would stay on it for every call.
      req.socket.setTimeout(limits.idleMs)
      req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
    })
  }
}

export const storedBody = (bytes: Buffer): StoredBody | null => {
  if (bytes.length === 0) return null
  return isUtf8(bytes)
    ? { encoding: 'utf8', text: bytes.toString('utf8') }
    : { encoding: 'base64', text: bytes.toString('base64') }
}

export const bodyBytes = (body: StoredBody | null): Buffer =>
  body ? Buffer.from(body.text, body.encoding) : Buffer.alloc(0)
