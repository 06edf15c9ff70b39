import { inputsHash } from '@pushfn/images/inputs-hash'
import type { BuilderContext } from './context.ts'
import type { FunctionPlan } from './steps/plan.ts'

/**
 * The hash of all that goes into a function's image; undefined where it cannot be told what the image will stand on. Equal
 * hashes are of one tenant for certain, whose slug is among the build arguments: no tenant gets what another one built.
 */
export const inputsOf = async (
  { config }: Pick<BuilderContext, 'config'>,
  baseIds: (images: readonly string[]) => Promise<string[] | undefined>,
  plan: FunctionPlan,
): Promise<string | undefined> => {
  const images = plan.foundation ? plan.foundation.bases.map(({ image }) => image) : [config.baseImage]
  const bases = await baseIds(images)
  return bases && inputsHash({ context: plan.context, buildArgs: plan.image.buildArgs, bases })
}
