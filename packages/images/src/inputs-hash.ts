import { createHash } from 'node:crypto'
import type { BuildContext } from './context.ts'

export interface BuildInputs {
  context: BuildContext
  buildArgs: Readonly<Record<string, string>>
  /** What it stands on, by id: see `idsOf`. A name alone may come to mean another image. */
  bases: readonly string[]
}

/**
 * A SHA-256 over all that goes into an image: every file's path, mode and content (the template's among them), the build
 * arguments (the tenant's cache scope among them) and the base images. Equal inputs, equal hash, in whatever folder and at whatever time. Labels are left out.
 */
export const inputsHash = (inputs: BuildInputs): string => {
  const hash = createHash('sha256')
  const field = (...values: readonly string[]) => hash.update(`${JSON.stringify(values)}\n`)
  field('bases', ...inputs.bases)
  for (const [name, value] of Object.entries(inputs.buildArgs).sort(([a], [b]) => (a < b ? -1 : 1))) {
    field('arg', name, value)
  }
  for (const { path, bytes, isExecutable } of inputs.context.files) {
    field('file', path, isExecutable ? 'x' : '-', String(bytes.length))
    hash.update(bytes)
  }
  return hash.digest('hex')
}
