import { lstat, readFile, realpath } from 'node:fs/promises'
import { posix } from 'node:path'
import { resolveInside } from '@pushfn/images/inside'
import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { Stack } from '@pushfn/model/stack'
import { namesThatStandTwice } from '../names-that-stand-twice.ts'
import type { Run } from '../run.ts'
import type { Source } from './checkout.ts'

const FILES = ['stack.yml', 'stack.yaml']
const MAX_BYTES = 65_536

/** A stack and where it stands: what it names, it names from there. Its `file` is the whole path, for places. */
export interface RootedStack {
  /** Path in the repository, `''` for the repository itself. */
  root: string
  /** The same as a real path of the checkout. */
  folder: string
  stack: Stack
}

/**
 * The repository's stacks, one for each of its roots. Throws STACK_MISSING when there is none at all (the build is skipped,
 * not failed), STACK_INVALID with every fault and its place when one is wrong, or is not where a root says. Warnings go to
 * the log.
 */
export const readStack = async (run: Run, source: Source): Promise<RootedStack[]> => {
  const roots = run.settings.roots ?? ['']
  const checkout = await realpath(source.folder)
  const found = await Promise.all(roots.map((root) => findStack(checkout, root)))
  if (found.every((one) => one === undefined)) throw noStack(roots)
  const missing = roots.filter((_, n) => found[n] === undefined)
  if (missing.length > 0) throw stackInvalid(missing.map(rootWithoutStack))

  const stacks: RootedStack[] = []
  for (const one of found) {
    if (!one) continue
    const parsed = await run.context.stackParser.parse(one)
    if ('faults' in parsed) throw stackInvalid(parsed.faults)
    for (const warning of parsed.warnings) run.tell({ kind: 'log', level: 'warning', text: faultText(warning) })
    stacks.push({ root: one.root, folder: one.folder, stack: parsed.stack })
  }
  const twice = namesThatStandTwice(stacks.map(({ stack }) => stack))
  if (twice.length > 0) throw stackInvalid(twice)
  return stacks
}

interface FoundStack {
  root: string
  folder: string
  file: string
  text: string
}

const findStack = async (checkout: string, root: string): Promise<FoundStack | undefined> => {
  const folder = await resolveInside(checkout, root === '' ? '.' : root)
  if ('problem' in folder || folder.kind === 'file') return undefined
  for (const name of FILES) {
    const path = posix.join(folder.path, name)
    const file = posix.join(root, name)
    const stats = await lstat(path).catch(() => undefined)
    if (!stats) continue
    if (!stats.isFile()) throw stackInvalid([{ message: 'it is no plain file', place: { file } }])
    if (stats.size > MAX_BYTES) {
      throw stackInvalid([{ message: `it has ${stats.size} bytes, more than ${MAX_BYTES}`, place: { file } }])
    }
    return { root, folder: folder.path, file, text: await readFile(path, 'utf8') }
  }
  return undefined
}

const noStack = (roots: readonly string[]): AppError => {
  const where = roots.map((root) => (root === '' ? 'at the root of the repository' : `in ${root}`)).join(', nor ')
  return new AppError('STACK_MISSING', 'no stack.yml', { hint: `there is no stack.yml ${where}: nothing is built` })
}

const rootWithoutStack = (root: string): Fault => ({
  message: 'it is not there: put it there, or take its folder out of the repository’s setting “roots”',
  place: { file: posix.join(root, 'stack.yml') },
})

const stackInvalid = (faults: AppError['faults']): AppError =>
  new AppError('STACK_INVALID', 'the stack is wrong', {
    hint: faults.map(faultText).join('\n'),
    faults,
  })
