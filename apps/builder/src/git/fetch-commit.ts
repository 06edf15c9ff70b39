import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckoutSource } from '@pushfn/forge/forge'
import { AppError } from '@pushfn/model/errors'
import { git } from './git.ts'
import { refuseLinksOut } from './refuse-links-out.ts'
import { refused } from './refused.ts'
import { type TreeFingerprint, type TreeLimits, TreeReader } from './tree-reader.ts'

export interface FetchOptions {
  source: CheckoutSource
  /** 40 hex digits. */
  sha: string
  /** Is made; must not be there. */
  folder: string
  limits: TreeLimits & { ms: number }
  /** Is told of what the commit holds. */
  fingerprint?: TreeFingerprint | undefined
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
  const { folder, limits } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limits.ms)])
  try {
    await mkdir(folder, { recursive: true })
    const { symlinks } = await fetchWithin(options, signal)
    await rm(join(folder, '.git'), { recursive: true, force: true })
    await refuseLinksOut(await realpath(folder), symlinks, signal)
    return folder
  } catch (thrown) {
    if (thrown instanceof AppError && !thrown.isRetryable) throw thrown
    options.signal.throwIfAborted()
    if (signal.aborted)
      throw refused(`the checkout takes longer than ${limits.ms / 1000} s: make the repository smaller`)
    throw thrown
  }
}

const fetchWithin = async (options: FetchOptions, signal: AbortSignal): Promise<TreeReader> => {
  const { folder, limits, sha, source } = options
  const settings = { folder, signal, maxFileBytes: limits.bytes, ...(options.caFile && { caFile: options.caFile }) }
  await git(['init', '--quiet', '--template=', '.'], settings)
  const shallow = ['--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules']
  await git(['fetch', ...shallow, '--', source.url, sha], {
    ...settings,
    ...(source.authorization && { authorization: source.authorization }),
  })
  const tree = new TreeReader(limits, options.fingerprint)
  await git(['ls-tree', '-r', '-t', '-z', '--long', '--full-tree', sha], settings, (chunk) => tree.read(chunk))
  tree.end()
  await git(['-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--detach', sha], settings)
  return tree
}
