import { readlink } from 'node:fs/promises'
import { refused } from './refused.ts'
import { shown } from './tree-reader.ts'

/** As Linux has it. */
const MAX_HOPS = 40

/**
 * Throws CHECKOUT_REFUSED for a symlink that leads out of the checkout, itself or through other links on its way. Links
 * that lead nowhere stay: whoever reads one finds no file. Paths are bytes as Latin-1; `folder` bears no link itself.
 */
export const refuseLinksOut = async (folder: string, links: readonly string[], signal: AbortSignal): Promise<void> => {
  for (const link of links) {
    const fault = await followLink(folder, link, signal)
    if (fault) throw refused(`${shown(link)} ${fault}: replace it by the file itself`, shown(link))
  }
}

/** Walks as the kernel does, but never outside: undefined when it arrives, or ends where nothing is. */
const followLink = async (folder: string, link: string, signal: AbortSignal): Promise<string | undefined> => {
  const ahead = link.split('/').reverse()
  const walked: string[] = []
  let hops = 0
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    signal.throwIfAborted()
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (walked.pop() === undefined) return 'is a symlink that leaves the repository'
      continue
    }
    walked.push(name)
    const target = await targetOf(folder, walked)
    if (target === undefined) continue
    if (++hops > MAX_HOPS) return 'is a symlink that goes round in circles'
    if (target.startsWith('/')) return 'is a symlink that leaves the repository'
    walked.pop()
    ahead.push(...target.split('/').reverse())
  }
  return undefined
}

/** Undefined for what is no link, or not there. */
const targetOf = async (folder: string, walked: readonly string[]): Promise<string | undefined> => {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(walked.join('/'), 'latin1')])
  try {
    return (await readlink(path, 'buffer')).toString('latin1')
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? err.code : undefined
    if (code === 'EINVAL' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined
    throw err
  }
}
