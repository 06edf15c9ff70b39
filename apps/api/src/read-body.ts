import type { Readable } from 'node:stream'
import { AppError } from '@pushfn/model/errors'

export interface BodyLimits {
  maxBytes: number
  timeMs: number
  /** Told of bytes as they are kept; throws when there is no room for them. */
  keep?: (bytes: number) => void
}

/**
 * A request's body, whole. Throws TOO_LARGE at the first byte too many, BAD_REQUEST when it does not come in time or
 * breaks off.
 */
export const readBody = async (
  body: Readable,
  contentLength: string | undefined,
  { maxBytes, timeMs, keep = () => undefined }: BodyLimits,
): Promise<Buffer> => {
  if (contentLength !== undefined && Number(contentLength) > maxBytes) {
    throwAway(body)
    throw tooLarge(maxBytes)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  const read = Promise.withResolvers<void>()
  const onData = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) return read.reject(tooLarge(maxBytes))
    try {
      keep(chunk.length)
      chunks.push(chunk)
    } catch (thrown) {
      read.reject(thrown)
    }
  }
  const timer = setTimeout(() => read.reject(badRequest(`the body did not come within ${timeMs / 1_000} s`)), timeMs)
  const onClose = () => read.reject(badRequest('the body broke off'))
  body.on('data', onData).once('end', read.resolve).once('error', onClose).once('close', onClose)
  try {
    await read.promise
    return Buffer.concat(chunks, bytes)
  } catch (thrown) {
    throwAway(body)
    throw thrown
  } finally {
    clearTimeout(timer)
    body.off('data', onData).off('end', read.resolve).off('error', onClose).off('close', onClose)
  }
}

/** Whoever is still sending hears the answer only then; but not for ever. */
const THROW_AWAY_MS = 10_000

/** Reads on without keeping anything, since who sends a refused body would take a closed connection for no answer. */
export const throwAway = (body: Readable): void => {
  const timer = setTimeout(() => body.destroy(), THROW_AWAY_MS)
  body.once('close', () => clearTimeout(timer))
  // An error after the answer is nobody's.
  body.on('error', () => undefined)
  body.resume()
}

const tooLarge = (maxBytes: number): AppError =>
  new AppError('TOO_LARGE', 'a body too large', { hint: `the body may have ${maxBytes} bytes at most` })

const badRequest = (hint: string): AppError => new AppError('BAD_REQUEST', hint, { hint })
