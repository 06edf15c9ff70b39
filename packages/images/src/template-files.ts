import { readFile } from 'node:fs/promises'
import { AppError } from '@pushfn/model/errors'
import { treeRefusal } from './handler-files.ts'
import { readTree, type TreeFile, type TreeLimits } from './read-tree.ts'
import { RUNTIME_FILES } from './runtime-files.ts'
import { type BuildableFunction, placeOf } from './stack-function.ts'
import type { Template } from './templates.ts'

/** The files of a template, with what it shares with other built-in ones; links may lead nowhere but into its folder. */
export const readTemplate = async (
  fn: BuildableFunction,
  template: Template,
  source: { stackFile: string; limits: TreeLimits },
): Promise<TreeFile[]> => {
  const limits = template.origin === 'built-in' ? NO_LIMITS : source.limits
  const files = await readTree(template.folder, template.folder, limits, (path) => path === 'template.yml')
  if ('problem' in files) {
    throw treeRefusal(fn, files.problem, `template/${template.name}`, placeOf(fn, source.stackFile, 'lang'))
  }
  const shared = template.runtime.map(async (path) => {
    const file = RUNTIME_FILES[path]
    if (file === undefined)
      throw new AppError('INTERNAL', `template ${template.name} wants ${path}, which is no runtime file`)
    return { path, bytes: await readFile(file), isExecutable: false }
  })
  return [...files, ...(await Promise.all(shared))]
}

const NO_LIMITS: TreeLimits = { files: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
