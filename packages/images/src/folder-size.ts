import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes of all files below a folder that others may be writing to: what goes away meanwhile counts nothing. */
export const folderSize = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (stats) => stats.size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** Waits for what writes into a folder, and aborts it once the folder has more bytes. */
export const watchSize = async (
  writing: Promise<unknown>,
  limit: { folder: string; bytes: number; tooLarge: AbortController },
): Promise<void> => {
  const ended = new AbortController()
  const watching = (async () => {
    while (!ended.signal.aborted) {
      await sleep(100, undefined, { signal: ended.signal }).catch(() => {})
      if ((await folderSize(limit.folder)) > limit.bytes) limit.tooLarge.abort()
    }
  })()
  try {
    await writing
  } finally {
    ended.abort()
    await watching
  }
}
