import { lstat, mkdir, readlink, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { CheckoutSource } from '@pushfn/forge/forge'
import { AppError } from '@pushfn/model/errors'
import { git } from './git.ts'

export interface FetchOptions {
  source: CheckoutSource
  /** 40 hex digits. */
  sha: string
  /** Is made; must not be there. */
  folder: string
  limits: { ms: number; bytes: number; files: number }
  caFile: string | undefined
  signal: AbortSignal
}

/**
 * Exactly one commit, without its history, submodules, large files of LFS, filters and hooks. Files are counted and
 * measured before they are written; symlinks that leave the tree refuse the whole. The `.git` folder does not stay.
 *
 * Throws CHECKOUT_REFUSED for what the tenant can mend, CHECKOUT_FAILED for what may work next time.
 */
export const fetchCommit = async (options: FetchOptions): Promise<string> => {
  const { folder, limits, sha } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limits.ms)])
  await mkdir(folder, { recursive: true })
  const inFolder = (args: readonly string[], authorization?: string) =>
    git(args, {
      folder,
      signal,
      maxFileBytes: limits.bytes,
      ...(options.caFile && { caFile: options.caFile }),
      ...(authorization && { authorization }),
    })
  try {
    await inFolder(['init', '--quiet', '--template=', '.'])
    const fetched = [
      'fetch',
      '--quiet',
      '--depth=1',
      '--no-tags',
      '--no-recurse-submodules',
      '--',
      options.source.url,
      sha,
    ]
    await inFolder(fetched, options.source.authorization)
    const entries = parseTree(await inFolder(['ls-tree', '-r', '-z', '--long', '--full-tree', sha]))
    refuseTooMuch(entries, limits)
    await inFolder(['-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--detach', sha])
    await rm(join(folder, '.git'), { recursive: true, force: true })
    await refuseLinksOut(folder, entries)
    return folder
  } catch (thrown) {
    if (thrown instanceof AppError && !thrown.isRetryable) throw thrown
    options.signal.throwIfAborted()
    if (signal.aborted)
      throw refused(`the checkout takes longer than ${limits.ms / 1000} s: make the repository smaller`)
    throw thrown
  }
}

interface TreeEntry {
  mode: string
  bytes: number
  path: string
}

const SUBMODULE = '160000'
const SYMLINK = '120000'

/** `<mode> <type> <object> <size>\t<path>`, NUL between entries. Source: git-ls-tree(1). */
const parseTree = (text: string): TreeEntry[] =>
  text
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [facts = '', path = ''] = line.split('\t')
      const [mode = '', , , size = ''] = facts.split(/ +/)
      return { mode, bytes: size === '-' ? 0 : Number(size), path }
    })
    .filter((entry) => entry.mode !== SUBMODULE)

const refuseTooMuch = (entries: readonly TreeEntry[], limits: FetchOptions['limits']): void => {
  if (entries.length > limits.files) {
    throw refused(`the repository has ${entries.length} files, more than the ${limits.files} that are allowed`)
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  if (bytes <= limits.bytes) return
  const largest = entries.toSorted((a, b) => b.bytes - a.bytes)[0]
  throw refused(
    `the repository’s files have ${mebibytes(bytes)} in all, more than the ${mebibytes(limits.bytes)} that are allowed` +
      (largest ? `; the largest is ${largest.path} with ${mebibytes(largest.bytes)}` : ''),
  )
}

const refuseLinksOut = async (folder: string, entries: readonly TreeEntry[]): Promise<void> => {
  for (const { path } of entries.filter((entry) => entry.mode === SYMLINK)) {
    const link = join(folder, path)
    if (!(await lstat(link)).isSymbolicLink()) continue
    const target = resolve(dirname(link), await readlink(link))
    const inside = relative(folder, target)
    if (inside === '..' || inside.startsWith(`..${sep}`) || inside.startsWith('/') || inside.split(sep)[0] === '.git') {
      throw refused(`${path} is a symlink that leaves the repository: replace it by the file itself`, path)
    }
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`

const refused = (hint: string, file?: string): AppError =>
  new AppError('CHECKOUT_REFUSED', 'the checkout was refused', {
    hint,
    ...(file && { faults: [{ message: hint, place: { file } }] }),
  })
