import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below those that the system gives to connections of its own accord (from 32768 on Linux): a port of these is not taken
 * by anybody's call to somewhere else before its server listens, or while the server starts anew.
 */
const PORTS = { from: 10_240, below: 32_768 }
const TRIES = 100
const given = new Set<number>()

/** A TCP port that nobody listens on at this moment, another one each time. Throws when none is found. */
export const findFreePort = async (): Promise<number> => {
  for (let n = 0; n < TRIES; n += 1) {
    const port = randomInt(PORTS.from, PORTS.below)
    if (given.has(port) || (await isPortTaken(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`of ${TRIES} ports between ${PORTS.from} and ${PORTS.below} none is free`)
}

/** Whether somebody listens on the port already, on any address. */
export const isPortTaken = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (err: NodeJS.ErrnoException) => (err.code === 'EADDRINUSE' ? resolve(true) : reject(err)))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(false)))
  })
