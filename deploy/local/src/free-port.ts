import { type AddressInfo, createServer } from 'node:net'

/** A TCP port on loopback that nobody listens on at this moment. */
export const findFreePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether somebody listens on the port already, on any address. */
export const isPortTaken = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (err: NodeJS.ErrnoException) => (err.code === 'EADDRINUSE' ? resolve(true) : reject(err)))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(false)))
  })
