import { once } from 'node:events'
import { createServer } from 'node:http'

/** A server on every address of this host, as the control plane's would be; closed at the end of its block. */
export const listening = async () => {
  const server = createServer((_, res) => res.end('here')).listen(0, '0.0.0.0')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() }
}
