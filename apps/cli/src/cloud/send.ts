import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { Failure } from '../failure.ts'
import { isLocalName } from './cloud.ts'

// An import of them loads all that they name, a whole browser's WebSocket among it: a quarter of the start of a command.
const { request: requestHttp } = process.getBuiltinModule('node:http')
const { request: requestHttps } = process.getBuiltinModule('node:https')

export interface Sent {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** Also ends the answer while it is read. */
  signal: AbortSignal
}

/** One HTTP request; its answer, whatever status it has. Throws Failure (`away`) when there is none. Redirects are not followed. */
export const send = (
  address: string,
  { method = 'GET', headers = {}, body, signal }: Sent,
): Promise<IncomingMessage> => {
  const url = new URL(address)
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      signal,
      ...(isLocalName(url.hostname) && { lookup: loopback }),
    })
    request.once('response', resolve)
    request.once('error', (cause) => reject(signal.aborted ? signal.reason : unreachable(url, cause)))
    request.end(body)
  })
}

const loopback: LookupFunction = (_host, options, done) => {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

const unreachable = (url: URL, cause: Error): Failure => {
  const reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return new Failure('away', `${url.origin} cannot be reached: ${reason}`, {
    cause,
    hint: /CERT|SIGNED|ISSUER/.test(reason)
      ? 'its certificate is not trusted here: NODE_EXTRA_CA_CERTS names a file of those that are'
      : 'does the cloud run, and is the address right?',
  })
}
