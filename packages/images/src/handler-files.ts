import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import type { AppError, Place } from '@pushfn/model/errors'
import { nearest } from '@pushfn/model/nearest'
import { leftOutBy } from './ignore-file.ts'
import { resolveInside } from './inside.ts'
import { type IsLeftOut, readTree, type TreeFile, type TreeLimits, type TreeProblem } from './read-tree.ts'
import { refuse } from './refuse.ts'
import { type BuildableFunction, placeOf } from './stack-function.ts'

/** Where a function's code comes from. */
export interface HandlerSource {
  /** The checkout, as a real path. */
  root: string
  /** The stack's file in it, for places. */
  stackFile: string
  limits: TreeLimits
}

/**
 * The files of a function's handler, with what `configuration.copy` puts beside them, relative to the handler's folder.
 * Its `.dockerignore` is honoured. Throws HANDLER_INVALID with the place in stack.yml, or of the file that cannot go.
 */
export const readHandler = async (fn: BuildableFunction, source: HandlerSource): Promise<TreeFile[]> => {
  const place = placeOf(fn, source.stackFile, 'handler')
  const handler = await folderOf(fn, source, place)
  const ignoreText = await readFile(join(handler, '.dockerignore'), 'utf8').catch(() => '')
  const files = await readTree(source.root, handler, source.limits, leftOut(fn, handler === source.root, ignoreText))
  if ('problem' in files) throw treeRefusal(fn, files.problem, fn.handler, place)

  const copied = await Promise.all(fn.copy.map((path) => readCopied(fn, path, source)))
  // The handler's own files win over copied ones of the same path.
  const merged = new Map([...copied.flat(), ...files].map((file) => [file.path, file]))
  return [...merged.values()]
}

const folderOf = async (fn: BuildableFunction, source: HandlerSource, place: Place): Promise<string> => {
  const handler = await resolveInside(source.root, fn.handler)
  if ('problem' in handler) {
    const message =
      handler.problem === 'missing'
        ? `there is no folder ${fn.handler}${await meant(source.root, fn.handler)}`
        : `handler ${fn.handler} leads out of the repository: name a folder in it, like ./${fn.name}`
    throw refuse('HANDLER_INVALID', fn, message, place)
  }
  if (handler.kind === 'file') {
    const message = `handler ${fn.handler} is a file: name the folder that it is in, ${dirname(fn.handler)}`
    throw refuse('HANDLER_INVALID', fn, message, place)
  }
  return handler.path
}

/** `: is it ./hello?` when a neighbour has nearly that name. */
const meant = async (root: string, handler: string): Promise<string> => {
  const parent = await resolveInside(root, dirname(handler))
  if ('problem' in parent || parent.kind === 'file') return ''
  const entries = await readdir(parent.path, { withFileTypes: true })
  const near = nearest(
    basename(handler),
    entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
  )
  return near ? `: is it ./${posix.join(dirname(handler), near)}?` : ''
}

/** In the repository's root, `build` and `template` are OpenFaaS's own folders. */
const leftOut = (fn: BuildableFunction, isRoot: boolean, ignoreText: string): IsLeftOut => {
  const ignored = leftOutBy(ignoreText)
  const isDockerfile = fn.lang.toLowerCase() === 'dockerfile'
  return (path, isFolder) =>
    ignored(path, isFolder) || (isRoot && !isDockerfile && (path === 'build' || path === 'template'))
}

const readCopied = async (fn: BuildableFunction, path: string, source: HandlerSource): Promise<TreeFile[]> => {
  const place = { file: source.stackFile, key: 'configuration.copy' }
  const found = await resolveInside(source.root, path)
  if ('problem' in found) {
    const why = found.problem === 'missing' ? 'is not in the repository' : 'leads out of the repository'
    throw refuse('HANDLER_INVALID', fn, `${path} ${why}: copy takes files and folders of it`, place)
  }
  const target = posix.normalize(path).replace(/\/$/, '')
  if (found.kind === 'file') {
    const parent = dirname(found.path)
    const name = basename(found.path)
    const files = await readTree(source.root, parent, source.limits, (other) => other !== name)
    if ('problem' in files) throw treeRefusal(fn, files.problem, path, place)
    return files.map((file) => ({ ...file, path: target }))
  }
  const files = await readTree(source.root, found.path, source.limits)
  if ('problem' in files) throw treeRefusal(fn, files.problem, path, place)
  return files.map((file) => ({ ...file, path: posix.join(target, file.path) }))
}

/** What keeps a folder from going into an image, told of the file where one is to blame. */
export const treeRefusal = (fn: BuildableFunction, problem: TreeProblem, folder: string, place: Place): AppError => {
  if (problem.kind === 'files' || problem.kind === 'bytes') {
    const limit = problem.kind === 'files' ? `${problem.limit} files` : `${problem.limit / 1024 ** 2} MiB`
    const message = `${folder} holds more than ${limit}: leave out what the function does not need by a .dockerignore (most: ${problem.largest.join(', ')})`
    return refuse('HANDLER_INVALID', fn, message, place)
  }
  const at = { file: posix.join(folder, problem.path) }
  return refuse('HANDLER_INVALID', fn, PROBLEMS[problem.kind], at)
}

const PROBLEMS = {
  outside: 'is a link that leads out of the repository: put the file itself there',
  dangling: 'is a link to nothing: take it away or put the file there',
  loop: 'is a link to a folder that it stands in, or more than 64 folders deep',
  special: 'is no file, folder or link: take it away',
} as const
