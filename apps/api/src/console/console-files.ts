import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** Where the console's build lies beside this app, in the source tree as in an installed one. */
export const DEFAULT_CONSOLE_DIR = new URL('../../../dashboard/dist', import.meta.url).pathname

export interface ConsoleFile {
  type: string
  etag: string
  body: Buffer
  /** The same packed, for kinds that become smaller by it. */
  gzipped?: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * All files of the built console by their path (`index.html`, `assets/…`), read once: requests are answered from memory,
 * and what is not in the map cannot be asked for, whatever the path says. Empty when there is no build.
 */
export const readConsoleFiles = async (folder: string): Promise<ReadonlyMap<string, ConsoleFile>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, ConsoleFile>()
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)]
    if (!entry.isFile() || !type) continue
    const path = join(entry.parentPath, entry.name)
    const body = await readFile(path)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    const gzipped = /^(text|image\/svg)/.test(type) ? await compress(body, { level: 9 }) : undefined
    files.set(relative(folder, path).split(sep).join('/'), { type, etag, body, ...(gzipped && { gzipped }) })
  }
  return files
}
