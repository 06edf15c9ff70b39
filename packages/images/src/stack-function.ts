import type { Place } from '@pushfn/model/errors'

/** What this package needs to know of a stack's function, as `@pushfn/model/stack` has it. */
export interface BuildableFunction {
  name: string
  /** Template name as written. */
  lang: string
  /** Folder of the handler relative to the repository's root, as written. */
  handler: string
  buildArgs: Readonly<Record<string, string>>
  buildOptions: readonly string[]
  /** Further paths of the repository that are put into the handler's folder. */
  copy: readonly string[]
  /** Where the function begins in the file. */
  place?: { line: number; column: number }
  /** Where its keys stand in the file: `handler`, `lang`, … */
  places?: Readonly<Record<string, { line: number; column: number }>>
}

/** Where a key of the function stands in its stack.yml. */
export const placeOf = (fn: BuildableFunction, stackFile: string, key: string): Place => {
  const top = key.split('.')[0] ?? key
  return { file: stackFile, key: `functions.${fn.name}.${key}`, ...(fn.places?.[key] ?? fn.places?.[top] ?? fn.place) }
}
