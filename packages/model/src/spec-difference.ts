import type { FunctionSpec } from './function-spec.ts'

/** Labels that name the commit differ at each push, and say nothing. */
const GIT_LABEL = /^com\.openfaas\.cloud\.git-/

/**
 * Which settings differ between two revisions, as dotted keys by name (`memoryMiB`, `environment.LOG_LEVEL`): never what
 * they are, since an environment's values may be nobody else's business.
 */
export const specDifference = (before: FunctionSpec, after: FunctionSpec): string[] =>
  differing('', before, after).filter((key) => !GIT_LABEL.test(key.replace(/^labels\./, '')))

const differing = (path: string, before: unknown, after: unknown): string[] => {
  if (!isRecord(before) || !isRecord(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return keys.flatMap((key) => differing(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key)))
}

const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
