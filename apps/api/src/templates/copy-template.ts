import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { watchSize } from '@pushfn/images/folder-size'
import { type GitOptions, git } from '@pushfn/images/git'
import { AppError, toAppError } from '@pushfn/model/errors'
import { repositoryFolder } from '../git/repositories-on-disk.ts'
import { refused, type TemplateSource } from './template-source.ts'

export interface CopyOptions {
  dataDir: string
  repositoryId: string
  /** Whose first commit it is. */
  author: string
  maxBytes: number
}

const LIMIT_MS = 60_000
/** All that is asked of a template is one commit of its own: no history, no tags, no submodules. */
const SHALLOW = ['--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules']

/**
 * Makes the builtin forge's repository of what a template has today, as one commit on `main`, and returns that commit. Half a
 * one is never seen. Throws BAD_REQUEST for a template that cannot be copied, CONFLICT when the repository is there.
 */
export const copyTemplate = async (source: TemplateSource, options: CopyOptions): Promise<string> => {
  const folder = repositoryFolder(options.dataDir, options.repositoryId)
  const draft = `${folder}.${randomUUID()}`
  await mkdir(draft, { recursive: true })
  try {
    const sha = await fillDraft(source, draft, options)
    await rename(draft, folder).catch((cause: unknown) => {
      throw new AppError('CONFLICT', 'the repository is there', { cause, hint: 'somebody pushed to it meanwhile' })
    })
    return sha
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

const fillDraft = async (source: TemplateSource, draft: string, options: CopyOptions): Promise<string> => {
  const { url, ref, protocol, resolved } = source
  const timeout = AbortSignal.timeout(LIMIT_MS)
  const tooLarge = new AbortController()
  const run: GitOptions = {
    cwd: draft,
    protocols: [protocol],
    signal: AbortSignal.any([timeout, tooLarge.signal]),
    ...(resolved && { resolved }),
  }
  try {
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '.'], run)
    const fetching = git(['fetch', ...SHALLOW, '--', url, ref], run)
    await watchSize(fetching, { folder: draft, bytes: options.maxBytes, tooLarge })
    const of = (await git(['rev-parse', 'FETCH_HEAD^{commit}'], run)).trim()
    const identity = ['-c', `user.name=${options.author}`, '-c', 'user.email=noreply@pushfn.cloud']
    const message = `Copy of ${url}\n\nFrom commit ${of}.\n`
    const sha = (await git([...identity, 'commit-tree', '-m', message, `${of}^{tree}`], run)).trim()
    await git(['update-ref', 'refs/heads/main', sha], run)
    // The template's own commit names parents that are not here.
    await Promise.all(['shallow', 'FETCH_HEAD'].map((name) => rm(join(draft, name), { force: true })))
    await git(['repack', '-a', '-d', '--quiet'], run)
    await git(['prune', '--expire=now'], run)
    return sha
  } catch (err) {
    if (tooLarge.signal.aborted) throw refused(`is larger than ${Math.floor(options.maxBytes / 1_048_576)} MiB`)
    if (timeout.aborted) throw refused(`took longer than ${LIMIT_MS / 1_000} s to fetch`)
    throw refused('could not be fetched: it is not there, not public, or has no such branch or tag', toAppError(err))
  }
}
