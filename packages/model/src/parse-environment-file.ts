import type { Fault } from './errors.ts'
import { map } from './stack-fields.ts'
import { variables } from './stack-text-maps.ts'
import { dotted, inFileOrder, yamlTree } from './yaml-tree.ts'

/**
 * Reads a file named under `environment_file`: YAML with one map `environment:` of names and values. Bounded and total as
 * `parseStack` is. Nothing is substituted in it, as with OpenFaaS.
 */
export const parseEnvironmentFile = (
  text: string,
  file: string,
): { environment: Record<string, string>; warnings: Fault[] } | { faults: Fault[] } => {
  const tree = yamlTree(text, { file })
  if (tree.value === undefined) return { faults: inFileOrder(tree.faults) }
  const parsed = EnvironmentFile.safeParse(tree.value)
  const issues = parsed.success ? [] : parsed.error.issues
  const faults = issues.map(({ path, message }): Fault => {
    const keys = path.filter((part) => typeof part !== 'symbol')
    const subject = keys.length > 0 ? dotted(keys) : 'the file'
    return { message: `${subject} ${message}`, place: tree.placeOf(keys) }
  })
  if (!parsed.success || tree.faults.length > 0) return { faults: inFileOrder([...tree.faults, ...faults]) }

  const warnings = tree
    .keysOf([])
    .filter((key) => key !== 'environment')
    .map((key) => ({
      message: `${dotted([key])} is passed over: variables stand under “environment:”`,
      place: tree.placeOf([key]),
    }))
  return { environment: parsed.data.environment ?? {}, warnings }
}

const EnvironmentFile = map({ environment: variables.nullish() })
