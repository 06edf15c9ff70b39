import { z } from 'zod'
import type { Fault, Place } from './errors.ts'
import { nameProblem } from './names.ts'
import { map } from './stack-fields.ts'
import { sealedBoxes } from './stack-text-maps.ts'
import { dotted, inFileOrder, isYamlMap, yamlTree } from './yaml-tree.ts'

/** A secret as it stands in the repository: a box that only the cluster opens. */
export interface SealedSecretEntry {
  function: string
  name: string
  /** Base64. */
  box: string
  place: Place
}

/**
 * Reads `secrets.yml`: `secrets:`, in it a map for each function, of names and boxes. Bounded and total as `parseStack` is.
 */
export const parseSealedSecrets = (
  written: string,
  file: string,
): { entries: SealedSecretEntry[] } | { faults: Fault[] } => {
  const tree = yamlTree(written, { file })
  if (tree.value === undefined) return { faults: inFileOrder(tree.faults) }
  const parsed = SealedFile.safeParse(tree.value)
  const faults = (parsed.success ? [] : parsed.error.issues).map(({ path, message }): Fault => {
    const keys = path.filter((part) => typeof part !== 'symbol')
    return { message: `${keys.length > 0 ? dotted(keys) : 'the file'} ${message}`, place: tree.placeOf(keys) }
  })
  if (!parsed.success || tree.faults.length > 0) return { faults: inFileOrder([...tree.faults, ...faults]) }
  const entries = Object.entries(parsed.data.secrets).flatMap(([fn, boxes]) =>
    Object.entries(boxes).map(([name, box]) => ({
      function: fn,
      name,
      box,
      place: { ...tree.placeOf(['secrets', fn, name]), key: dotted(['secrets', fn, name]) },
    })),
  )
  return { entries }
}

const SealedFile = map({
  secrets: z
    .custom<Record<string, unknown>>(isYamlMap, { error: 'must be a map: a function on each line' })
    .pipe(z.record(z.string(), sealedBoxes))
    .superRefine((all, ctx) => {
      for (const name of Object.keys(all)) {
        const problem = nameProblem('the function name', name)
        if (problem) ctx.addIssue({ code: 'custom', path: [name], message: `is none: ${problem}` })
      }
    }),
})
