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
  let hasWaited = false
  for (;;) {
    const free = await tryLock(name)
    if (free) {
      try {
        return await work()
      } finally {
        free()
      }
    }
    if (!hasWaited) onWait()
    hasWaited = true
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

/**
 * Takes the lock of this name and returns what frees it; undefined when another process has it.
 *
 * @param {string} name
 * @returns {Promise<(() => void) | undefined>}
 */
export const tryLock = (name) =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (err) => (err.code === 'EADDRINUSE' ? resolve(undefined) : reject(err)))
    const address = `\0pushfn-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
    server.listen(address, () => resolve(() => server.close()))
  })
