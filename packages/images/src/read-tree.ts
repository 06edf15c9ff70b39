import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { resolveInside } from './inside.ts'

export interface TreeFile {
  /** Relative to the folder read, with `/`. */
  path: string
  bytes: Buffer
  isExecutable: boolean
}

export interface TreeLimits {
  files: number
  bytes: number
}

export type TreeProblem =
  | { kind: 'outside' | 'special' | 'loop' | 'dangling'; path: string }
  | { kind: 'files'; limit: number; largest: readonly string[] }
  | { kind: 'bytes'; limit: number; largest: readonly string[] }

/** A folder that is left out is not looked into. */
export type IsLeftOut = (path: string, isFolder: boolean) => boolean

const MAX_DEPTH = 64
const AT_A_TIME = 64

/**
 * Every file under `folder`, sorted by path. Links are followed as long as they stay under `root`; `.git` is left out.
 * Stops at the first thing that cannot go into an image, and before it reads more than the limits allow.
 */
export const readTree = async (
  root: string,
  folder: string,
  limits: TreeLimits,
  isLeftOut: IsLeftOut = () => false,
): Promise<TreeFile[] | { problem: TreeProblem }> => {
  const found: Found[] = []
  const problem = await walk({ root, limits, isLeftOut, found }, folder, '', [])
  if (problem) return { problem }

  const total = found.reduce((sum, file) => sum + file.size, 0)
  if (total > limits.bytes) return { problem: { kind: 'bytes', limit: limits.bytes, largest: largest(found) } }

  const sorted = found.sort((a, b) => (a.path < b.path ? -1 : 1))
  const files: TreeFile[] = []
  for (let at = 0; at < sorted.length; at += AT_A_TIME) {
    const some = sorted.slice(at, at + AT_A_TIME).map(async ({ path, from, isExecutable }) => ({
      path,
      bytes: await readFile(from),
      isExecutable,
    }))
    files.push(...(await Promise.all(some)))
  }
  return files
}

interface Found {
  path: string
  from: string
  size: number
  isExecutable: boolean
}

interface Walk {
  root: string
  limits: TreeLimits
  isLeftOut: IsLeftOut
  found: Found[]
}

/** `ancestors` are the real folders that this one stands in: a link to one of them would never end. */
const walk = async (
  walked: Walk,
  folder: string,
  prefix: string,
  ancestors: readonly string[],
): Promise<TreeProblem | undefined> => {
  if (ancestors.includes(folder) || ancestors.length > MAX_DEPTH) return { kind: 'loop', path: prefix }
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.name.toLowerCase() === '.git' || walked.isLeftOut(path, entry.isDirectory())) continue
    let from = join(folder, entry.name)
    let kind: 'folder' | 'file' | undefined = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : undefined
    if (entry.isSymbolicLink()) {
      const target = await resolveInside(walked.root, relative(walked.root, from))
      if ('problem' in target) return { kind: target.problem === 'missing' ? 'dangling' : target.problem, path }
      from = target.path
      kind = target.kind
    }
    if (kind === undefined) return { kind: 'special', path }
    if (kind === 'folder') {
      const problem = await walk(walked, from, path, [...ancestors, folder])
      if (problem) return problem
      continue
    }
    const { size, mode } = await stat(from)
    walked.found.push({ path, from, size, isExecutable: (mode & 0o100) !== 0 })
    if (walked.found.length > walked.limits.files) {
      return { kind: 'files', limit: walked.limits.files, largest: crowded(walked.found) }
    }
  }
  return undefined
}

const largest = (found: readonly Found[]): string[] =>
  found
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map((file) => `${file.path} (${(file.size / 1024 ** 2).toFixed(1)} MiB)`)

/** The top folders that hold most files. */
const crowded = (found: readonly Found[]): string[] => {
  const counts = new Map<string, number>()
  for (const { path } of found) {
    const top = path.includes('/') ? `${path.slice(0, path.indexOf('/'))}/` : path
    counts.set(top, (counts.get(top) ?? 0) + 1)
  }
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([top, count]) => `${top} (${count})`)
}
