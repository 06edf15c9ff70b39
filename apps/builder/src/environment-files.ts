import { lstat, readFile, realpath } from 'node:fs/promises'
import { join, posix, relative } from 'node:path'
import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { StackFunction } from '@pushfn/model/stack'
import type { Run } from './run.ts'

const MAX_BYTES = 65_536

/** The variables of a function's `environment_file`s; a later file wins. Throws STACK_INVALID with file and line. */
export const environmentFromFiles = async (
  run: Run,
  { root, folder, stackFile }: { root: string; folder: string; stackFile: string },
  fn: StackFunction,
): Promise<Record<string, string>> => {
  const variables: Record<string, string>[] = []
  for (const file of fn.environmentFiles) {
    const text = await readInside(folder, file).catch((cause: unknown) => {
      const place = { file: stackFile, ...(fn.places.environment_file ?? fn.place) }
      const key = `functions.${fn.name}.environment_file`
      throw invalid(
        fn,
        [
          {
            message: `there is no readable file ${posix.join(root, file)} in the repository`,
            place: { ...place, key },
          },
        ],
        cause,
      )
    })
    const parsed = await run.context.stackParser.parseEnvironment({ text, file: posix.join(root, file) })
    if ('faults' in parsed) throw invalid(fn, parsed.faults)
    for (const warning of parsed.warnings) {
      run.tell({ kind: 'log', level: 'warning', function: fn.name, text: faultText(warning) })
    }
    variables.push(parsed.environment)
  }
  return Object.assign({}, ...variables)
}

/** A plain file below the checkout, links followed, within the size that a stack may have itself. */
const readInside = async (root: string, file: string): Promise<string> => {
  const [top, path] = await Promise.all([realpath(root), realpath(join(root, file))])
  const inside = relative(top, path)
  if (inside.startsWith('..') || inside.startsWith('/')) throw new Error('outside')
  const stats = await lstat(path)
  if (!stats.isFile() || stats.size > MAX_BYTES) throw new Error('not a file of that size')
  return readFile(path, 'utf8')
}

const invalid = (fn: StackFunction, faults: readonly Fault[], cause?: unknown): AppError =>
  new AppError('STACK_INVALID', 'an environment file is wrong', {
    hint: faults.map(faultText).join('\n'),
    function: fn.name,
    faults,
    cause,
  })
