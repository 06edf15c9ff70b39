import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import type { PackageReader } from './package-reader.ts'

export interface TarLimits {
  /** Of the whole archive. */
  bytes: number
  entries: number
}

/**
 * Gives the plain files of a tar to a reader, at most one of them in memory. Links tell nothing: what they name is in the
 * archive itself. An archive beyond the limits is read as far as they go. Paths are placed under `folder`.
 */
export const readTar = async (
  archive: Readable,
  { reader, folder, limits, signal }: { reader: PackageReader; folder: string; limits: TarLimits; signal: AbortSignal },
): Promise<void> => {
  const tar = extract()
  const give = (err: unknown) => tar.destroy(err instanceof Error ? err : new Error(String(err)))
  const abort = () => give(signal.reason)
  signal.addEventListener('abort', abort)
  archive.on('error', give)
  archive.pipe(tar)
  let bytes = 0
  let entries = 0
  try {
    for await (const entry of tar) {
      const { type, name, size = 0, mode = 0 } = entry.header
      bytes += size
      entries += 1
      if (bytes > limits.bytes || entries > limits.entries) return reader.cut()
      const path = posix.join('/', folder, name).slice(1)
      const isExecutable = (mode & 0o111) !== 0
      const wanted = type === 'file' ? reader.wants(path, { bytes: size, isExecutable }) : 0
      if (wanted === 0) entry.resume()
      else reader.read(path, await bytesOf(entry))
    }
  } finally {
    signal.removeEventListener('abort', abort)
    archive.destroy()
  }
}

const bytesOf = async (stream: AsyncIterable<unknown>): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk)
  return Buffer.concat(chunks)
}
