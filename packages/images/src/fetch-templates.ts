import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, faultText, type Place } from '@pushfn/model/errors'
import { z } from 'zod'
import { watchSize } from './folder-size.ts'
import { type GitOptions, git, SourceProblem } from './git.ts'
import { type GitSource, parseGitSource } from './git-source.ts'
import { type Lookup, resolvedHost } from './public-host.ts'

export interface FetchOptions {
  stackFile: string
  /** Where fetched repositories are kept between builds; of any number of builders. */
  cacheDir: string
  signal: AbortSignal
  /** Protocols of sources; `https` alone unless told. */
  protocols?: readonly string[]
  /** How long a fetched repository is taken as it is before its head is asked for again. */
  freshMs?: number
  limits?: Partial<FetchLimits>
  /** How hosts of sources are found; the system's way unless told. */
  lookup?: Lookup
}

export interface FetchLimits {
  bytes: number
  files: number
  timeMs: number
}

const DEFAULT_LIMITS: FetchLimits = { bytes: 64 * 1024 ** 2, files: 5_000, timeMs: 60_000 }

/**
 * Fetches the repositories that `configuration.templates` names, and returns their `template/` folders in that order, for
 * `findTemplate`. One without a source is a built-in one and needs none. Links in them become plain files, submodules
 * stay away. Throws TEMPLATE_UNKNOWN for a source that may not be or cannot be fetched.
 */
export const fetchTemplates = async (
  templates: readonly { name: string; source?: string | undefined }[],
  options: FetchOptions,
): Promise<string[]> => {
  const sources = [...new Set(templates.flatMap((template) => template.source ?? []))]
  const folders: string[] = []
  for (const source of sources) folders.push(await fetchSource(source, options))
  return folders
}

const fetchSource = async (source: string, options: FetchOptions): Promise<string> => {
  const place = { file: options.stackFile, key: 'configuration.templates' }
  const protocols = options.protocols ?? ['https']
  const { url, ref } = parseSource(source, protocols, place)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const cache = join(options.cacheDir, createHash('sha256').update(`${url}#${ref}`).digest('hex').slice(0, 32))
  await mkdir(cache, { recursive: true })
  const timeout = AbortSignal.timeout(limits.timeMs)
  const about = { cwd: cache, protocols, signal: AbortSignal.any([options.signal, timeout]) }
  try {
    const known = await readHead(cache)
    if (known && Date.now() - known.at < (options.freshMs ?? 5 * 60_000)) return templateFolder(cache, known.commit)
    const resolved = url.startsWith('file:') ? undefined : await resolvedHost(url, options.lookup)
    const run = { ...about, ...(resolved && { resolved }) }
    const commit = await headOf(url, ref, run)
    if (known?.commit !== commit) await fetchCommit({ url, ref, cache, commit, limits, run })
    await writeHead(cache, { commit, at: Date.now() })
    await removeOlder(cache, commit)
    return templateFolder(cache, commit)
  } catch (err) {
    options.signal.throwIfAborted()
    const why = timeout.aborted ? `took longer than ${limits.timeMs / 1_000} s` : reasonOf(err)
    throw sourceRefusal(`${url} could not be fetched: ${why}`, place, err)
  }
}

const parseSource = (source: string, protocols: readonly string[], place: Place): GitSource => {
  const parsed = parseGitSource(source, protocols)
  if (!('fault' in parsed)) return parsed
  switch (parsed.fault) {
    case 'no-source':
      throw sourceRefusal(`${source} is no source: write ${protocols.join(' or ')}://host/owner/repository`, place)
    case 'password':
      throw sourceRefusal('a source bears no password: it must be public', place)
    case 'ref':
      throw sourceRefusal(`${JSON.stringify(parsed.ref)} is no branch or tag`, place)
  }
}

const headOf = async (url: string, ref: string, run: GitOptions): Promise<string> => {
  const refs = ref === 'HEAD' ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`]
  const lines = (await git(['ls-remote', '--', url, ...refs], run)).split('\n')
  for (const wanted of refs) {
    const line = lines.find((each) => each.endsWith(`\t${wanted}`))
    if (line && /^[0-9a-f]{40}\t/.test(line)) return line.slice(0, 40)
  }
  throw new SourceProblem(`it has no branch or tag ${ref}`)
}

interface Fetch {
  url: string
  ref: string
  cache: string
  commit: string
  limits: FetchLimits
  run: GitOptions
}

/** Into a folder of its own first, which then gets its name: two builders may fetch the same. */
const fetchCommit = async (fetch: Fetch): Promise<void> => {
  const { url, ref, cache, commit, limits } = fetch
  const folder = join(cache, `.fetch-${randomUUID()}`)
  await mkdir(folder)
  const tooLarge = new AbortController()
  const run = { ...fetch.run, cwd: folder, signal: AbortSignal.any([fetch.run.signal, tooLarge.signal]) }
  try {
    await git(['init', '--quiet'], run)
    const fetched = git(['fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', url, ref], run)
    await watchSize(fetched, { folder, bytes: limits.bytes, tooLarge })
    await checkTree(run, limits)
    await git(['checkout', '--quiet', 'FETCH_HEAD', '--', 'template'], run)
    await rm(join(folder, '.git'), { recursive: true })
    await rename(folder, join(cache, commit)).catch((err: NodeJS.ErrnoException) => {
      if (err.code !== 'ENOTEMPTY' && err.code !== 'EEXIST') throw err
    })
  } catch (err) {
    if (tooLarge.signal.aborted) throw new SourceProblem(`it is larger than ${limits.bytes / 1024 ** 2} MiB`)
    throw err
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What a checkout would write, before it writes. */
const checkTree = async (run: GitOptions, limits: FetchLimits): Promise<void> => {
  const listed = await git(['ls-tree', '-r', '-t', '-l', '-z', 'FETCH_HEAD', '--', 'template/'], run)
  const files = listed.split('\0').filter((line) => line !== '')
  if (files.length === 0) throw new SourceProblem('it has no folder template/')
  if (files.length > limits.files) throw new SourceProblem(`it has more than ${limits.files} files and folders`)
  const bytes = files.reduce((sum, line) => sum + (Number(line.split(/\s+/, 4)[3]) || 0), 0)
  if (bytes > limits.bytes) throw new SourceProblem(`its templates are larger than ${limits.bytes / 1024 ** 2} MiB`)
}

/** No build reads a template for an hour. */
const OUTLIVED_MS = 3_600_000

const removeOlder = async (cache: string, commit: string): Promise<void> => {
  for (const name of await readdir(cache)) {
    if (name === commit || !/^[0-9a-f]{40}$/.test(name)) continue
    const { mtimeMs } = await stat(join(cache, name))
    if (Date.now() - mtimeMs > OUTLIVED_MS) await rm(join(cache, name), { recursive: true, force: true })
  }
}

const templateFolder = (cache: string, commit: string): string => join(cache, commit, 'template')

const Head = z.object({ commit: z.string().regex(/^[0-9a-f]{40}$/), at: z.number() })

const readHead = async (cache: string): Promise<z.infer<typeof Head> | undefined> => {
  const text = await readFile(join(cache, 'head.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Head.parse(JSON.parse(text))
}

const writeHead = async (cache: string, head: z.infer<typeof Head>): Promise<void> => {
  const draft = join(cache, `.head-${randomUUID()}`)
  await writeFile(draft, JSON.stringify(head))
  await rename(draft, join(cache, 'head.json'))
}

/** What git says of a failed connection would tell what there is in the cloud's network. */
const reasonOf = (err: unknown): string =>
  err instanceof SourceProblem ? err.message : 'is its address right, and is it public?'

const sourceRefusal = (message: string, place: Place, cause?: unknown): AppError => {
  const fault = { message, place }
  return new AppError('TEMPLATE_UNKNOWN', message, { hint: faultText(fault), faults: [fault], cause })
}
