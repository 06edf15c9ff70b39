import { posix } from 'node:path'
import type { TreeFile } from './read-tree.ts'
import { refuse } from './refuse.ts'
import type { BuildableFunction } from './stack-function.ts'

/** What the image's build has to install for a handler before its own files come in. */
export type Dependencies = 'none' | 'npm' | 'pip'

/** Reads package.json and requirements.txt; throws HANDLER_INVALID for a package.json that is no JSON object. */
export const dependenciesOf = (fn: BuildableFunction, handler: readonly TreeFile[], template: string): Dependencies => {
  if (template === 'node24')
    return hasPackages(
      fn,
      handler.find((file) => file.path === 'package.json'),
    )
      ? 'npm'
      : 'none'
  const requirements = handler.find((file) => file.path === 'requirements.txt')
  const isPython = template === 'python3' || template === 'python3-http'
  return isPython && requirements && hasRequirements(requirements) ? 'pip' : 'none'
}

const hasPackages = (fn: BuildableFunction, manifest: TreeFile | undefined): boolean => {
  if (!manifest) return false
  const file = posix.join(fn.handler, 'package.json')
  let parsed: unknown
  try {
    parsed = JSON.parse(manifest.bytes.toString('utf8'))
  } catch (err) {
    throw refuse('HANDLER_INVALID', fn, `is no valid JSON: ${err instanceof Error ? err.message : err}`, { file })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw refuse('HANDLER_INVALID', fn, 'is no JSON object', { file })
  }
  return Object.entries(parsed).some(
    ([key, value]) => (key === 'dependencies' || key === 'optionalDependencies') && Object.keys(value ?? {}).length > 0,
  )
}

const hasRequirements = (requirements: TreeFile): boolean => {
  const lines = requirements.bytes.toString('utf8').split(/\r?\n/)
  return lines.some((line) => !/^\s*(#|$)/.test(line))
}
