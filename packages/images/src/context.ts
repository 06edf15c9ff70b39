import { realpath } from 'node:fs/promises'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { syntaxFault } from './check-syntax.ts'
import { type Dependencies, dependenciesOf } from './dependencies.ts'
import { readHandler } from './handler-files.ts'
import type { HandlerFile } from './log-places.ts'
import type { TreeFile, TreeLimits } from './read-tree.ts'
import { refuse, refuseFaults } from './refuse.ts'
import { type BuildableFunction, placeOf } from './stack-function.ts'
import { readTemplate } from './template-files.ts'
import type { Template } from './templates.ts'
import { treeDigest } from './tree-digest.ts'

/**
 * Stack function + template + handler folder → what BuildKit builds from, laid out as OpenFaaS lays it out: the template's
 * files in the root, the handler's in `function/` over the template's own; for `dockerfile` the handler is the root.
 */
export interface BuildContext {
  /** Sorted by path; `Dockerfile` is among them. */
  files: readonly TreeFile[]
  dependencies: Dependencies
  /** The Dockerfile as its author knows it, for errors: `hello/Dockerfile`. */
  dockerfile: { text: string; file: string }
  /** Of the template's own files; undefined for `dockerfile`, which has none. */
  templateDigest: string | undefined
  /** Where the handler's files come from, for errors. */
  handlerFiles: readonly HandlerFile[]
}

export interface ContextOptions {
  /** The checkout. */
  root: string
  stackFile: string
  limits?: Partial<TreeLimits>
}

export const DEFAULT_LIMITS: TreeLimits = { files: 20_000, bytes: 64 * 1024 ** 2 }

/**
 * Reads and checks everything that goes into the build. Throws HANDLER_INVALID with place and mend for a handler that is
 * missing, outside the repository, too large, without an entry, or that does not parse. What a Dockerfile asks for is
 * `checkBuild`'s.
 */
export const assembleContext = async (
  fn: BuildableFunction,
  template: Template,
  options: ContextOptions,
): Promise<BuildContext> => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const source = { root: await realpath(options.root), stackFile: options.stackFile, limits }
  const isOwnDockerfile = template.origin === 'built-in' && template.name === 'dockerfile'
  const [handler, shell] = await Promise.all([
    readHandler(fn, source),
    isOwnDockerfile ? [] : readTemplate(fn, template, source),
  ])
  checkEntry(fn, template, handler, options.stackFile)

  const folder = isOwnDockerfile ? '' : template.handler_folder
  const placed = handler.map((file) => ({ ...file, path: posix.join(folder, file.path) }))
  const files = new Map([...shell, ...placed].map((file) => [file.path, file]))
  const text = files.get('Dockerfile')?.bytes.toString('utf8')
  const file = isOwnDockerfile ? posix.join(fn.handler, 'Dockerfile') : `template/${template.name}/Dockerfile`
  if (text === undefined) {
    const place = placeOf(fn, options.stackFile, 'lang')
    throw refuse('HANDLER_INVALID', fn, `template ${template.name} has no Dockerfile`, place)
  }
  return {
    files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    dependencies: template.origin === 'built-in' ? dependenciesOf(fn, handler, template.name) : 'none',
    dockerfile: { text, file },
    templateDigest: isOwnDockerfile ? undefined : treeDigest(shell),
    handlerFiles: handler.map(({ path, bytes }) => ({ path, bytes, file: repositoryFile(fn, path) })),
  }
}

/** What `configuration.copy` put beside the handler's own files stands in the repository under the same path. */
const repositoryFile = (fn: BuildableFunction, path: string): string => {
  const isCopied = fn.copy.some((copied) => `${path}/`.startsWith(`${posix.normalize(copied).replace(/\/$/, '')}/`))
  return isCopied ? path : posix.join(fn.handler, path)
}

const checkEntry = (
  fn: BuildableFunction,
  template: Template,
  handler: readonly TreeFile[],
  stackFile: string,
): void => {
  if (template.entry.length === 0) return
  const byPath = new Map(handler.map((file) => [file.path, file]))
  const entry = template.entry.map((path) => byPath.get(path)).find((file) => file !== undefined)
  if (!entry) {
    const [first, ...others] = template.entry
    const or = others.length > 0 ? ` (nor ${others.join(', ')})` : ''
    const message = `${fn.handler} holds no ${first}${or}, which ${fn.lang} calls`
    throw refuse('HANDLER_INVALID', fn, message, placeOf(fn, stackFile, 'handler'))
  }
  if (template.syntax !== 'node') return
  const fault = syntaxFault(entry.bytes.toString('utf8'), posix.join(fn.handler, entry.path))
  if (fault) throw refuseFaults('HANDLER_INVALID', fn, [fault])
}

/** The context as a tar stream. The same files give the same bytes: sorted, of no time and no owner. */
export const packContext = (context: BuildContext): Readable => {
  const tar = pack()
  const folders = new Set<string>()
  for (const { path, bytes, isExecutable } of context.files) {
    for (const folder of foldersOf(path)) {
      if (folders.has(folder)) continue
      folders.add(folder)
      tar.entry({ ...OWNERLESS, name: `${folder}/`, type: 'directory', mode: 0o755 })
    }
    tar.entry({ ...OWNERLESS, name: path, type: 'file', mode: isExecutable ? 0o755 : 0o644 }, bytes)
  }
  tar.finalize()
  return Readable.from(tar)
}

const OWNERLESS = { mtime: new Date(0), uid: 0, gid: 0 }

const foldersOf = (path: string): string[] => {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}
