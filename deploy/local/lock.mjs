import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

const RETRY_MS = 200

/**
 * Runs `work` while no other process on this machine holds the lock of this name. The lock is an abstract Unix socket:
 * the kernel frees it when its holder ends, however it ends, so that there is no stale lock file to find and judge.
 *
 * @template T
 * @param {string} name what is locked; a path is a good name
 * @param {() => T | Promise<T>} work
 * @param {() => void} [onWait] called once when somebody else holds it
 * @returns {Promise<T>}
 */
export const withLock = async (name, work, onWait = () => {}) => {
  const address = `\0pushfn-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  let hasWaited = false
  for (;;) {
    const server = await listen(address)
    if (server) {
      try {
        return await work()
      } finally {
        server.close()
      }
    }
    if (!hasWaited) onWait()
    hasWaited = true
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

const listen = (address) =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (err) => (err.code === 'EADDRINUSE' ? resolve(undefined) : reject(err)))
    server.listen(address, () => resolve(server))
  })
