import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'

export const HOST = 'ada.fn.localhost'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  trailers: NodeJS.Dict<string>
  body: string
}

export interface Asked {
  port: number
  path?: string
  method?: string
  host?: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

/** One request on a connection of its own. */
export const ask = (asked: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { port, path = '/hello', method = 'GET', host = HOST, headers = {}, body } = asked
    const options = { host: '127.0.0.1', port, path, method, agent: false, headers: { host, ...headers } }
    const req = httpRequest(options, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          trailers: res.trailers,
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      )
    })
    req.on('error', reject)
    req.end(body)
  })

export const openSocket = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Writes bytes as they are and gives what came back until the gateway closed, or until nothing came for a while. */
export const exchangeRaw = async (
  port: number,
  bytes: string,
  quietMs = 400,
): Promise<{ text: string; closed: boolean }> => {
  const socket = await openSocket(port)
  let text = ''
  let isClosed = false
  socket.setEncoding('latin1')
  socket.on('data', (data) => {
    text += data
  })
  const done = new Promise<void>((resolve) => {
    socket.setTimeout(quietMs, resolve)
    socket.on('end', () => {
      isClosed = true
      resolve()
    })
    socket.on('close', () => {
      isClosed = true
      resolve()
    })
  })
  socket.write(bytes, 'latin1')
  await done
  socket.destroy()
  return { text, closed: isClosed }
}
