import { checkDockerfile } from './check-dockerfile.ts'
import type { BuildContext } from './context.ts'
import type { Foundation } from './foundation.ts'
import type { ImagePolicy } from './image-names.ts'
import { refuseFaults } from './refuse.ts'
import type { BuildableFunction } from './stack-function.ts'
import type { Template } from './templates.ts'

export interface PlannedBuild {
  function: Pick<BuildableFunction, 'name'>
  template: Pick<Template, 'origin' | 'name'>
  context: BuildContext
  /** All that the build will be told: see `planImage`. */
  buildArgs: Readonly<Record<string, string>>
  policy: ImagePolicy
}

/**
 * Checks the Dockerfile of a planned build unless it is one of ours, and returns what it stands on, for `buildImage` to
 * look at. Throws HANDLER_INVALID with every line that asks for what no tenant gets.
 */
export const checkBuild = ({
  function: fn,
  template,
  context,
  buildArgs,
  policy,
}: PlannedBuild): Foundation | undefined => {
  if (template.origin === 'built-in' && template.name !== 'dockerfile') return undefined
  const { text, file } = context.dockerfile
  const { faults, bases } = checkDockerfile(text, { ...policy, file, buildArgs })
  if (faults.length > 0) throw refuseFaults('HANDLER_INVALID', fn, faults)
  return { file, bases, policy }
}
