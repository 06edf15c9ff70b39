import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, faultText } from '@pushfn/model/errors'
import type { Stack } from '@pushfn/model/stack'
import type { Run } from '../run.ts'
import type { Source } from './checkout.ts'

const FILES = ['stack.yml', 'stack.yaml']
const MAX_BYTES = 65_536

/**
 * The repository's stack. Throws STACK_MISSING when it has none (the build is skipped, not failed), STACK_INVALID with
 * every fault and its place when it is wrong. Warnings go to the log.
 */
export const readStack = async (run: Run, source: Source): Promise<Stack> => {
  const found = await findStack(source.folder)
  if (!found) {
    throw new AppError('STACK_MISSING', 'no stack.yml', {
      hint: 'there is no stack.yml at the root of the repository: nothing is built',
    })
  }
  const parsed = await run.context.stackParser.parse(found)
  if ('faults' in parsed) throw stackInvalid(parsed.faults)
  for (const warning of parsed.warnings) run.tell({ kind: 'log', level: 'warning', text: faultText(warning) })
  return parsed.stack
}

const findStack = async (folder: string): Promise<{ file: string; text: string } | undefined> => {
  for (const file of FILES) {
    const path = join(folder, file)
    const stats = await lstat(path).catch(() => undefined)
    if (!stats) continue
    if (!stats.isFile()) throw stackInvalid([{ message: 'it is no plain file', place: { file } }])
    if (stats.size > MAX_BYTES) {
      throw stackInvalid([{ message: `it has ${stats.size} bytes, more than ${MAX_BYTES}`, place: { file } }])
    }
    return { file, text: await readFile(path, 'utf8') }
  }
  return undefined
}

const stackInvalid = (faults: AppError['faults']): AppError =>
  new AppError('STACK_INVALID', 'the stack is wrong', {
    hint: faults.map(faultText).join('\n'),
    faults,
  })
