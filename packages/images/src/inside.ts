import { lstat, realpath } from 'node:fs/promises'
import { join, normalize, relative, sep } from 'node:path'

export type Inside =
  /** `path` is real: no link is left in it. */
  { path: string; kind: 'folder' | 'file' } | { problem: 'missing' | 'outside' | 'special' }

/**
 * Where a path that a tenant wrote leads, if that is inside `root` (a real path) after all links are followed. `.git`
 * counts as outside. The path is taken as relative; an absolute one is outside.
 */
export const resolveInside = async (root: string, written: string): Promise<Inside> => {
  if (written.includes('\0') || written.startsWith('/') || !isBelow(normalize(written))) return { problem: 'outside' }
  const real = await realpath(join(root, written)).catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT' || err.code === 'ENOTDIR' || err.code === 'ELOOP' || err.code === 'ENAMETOOLONG') return
    throw err
  })
  if (real === undefined) return { problem: 'missing' }
  if (!isBelow(relative(root, real))) return { problem: 'outside' }
  const stats = await lstat(real)
  if (stats.isDirectory()) return { path: real, kind: 'folder' }
  return stats.isFile() ? { path: real, kind: 'file' } : { problem: 'special' }
}

const isBelow = (path: string): boolean => {
  const parts = path.split(sep)
  return parts[0] !== '..' && !path.startsWith(sep) && !parts.some((part) => part.toLowerCase() === '.git')
}
