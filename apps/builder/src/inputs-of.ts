import { idsOf } from '@pushfn/images/image-bases'
import { inputsHash } from '@pushfn/images/inputs-hash'
import type { ImageBase, LookedUpImage } from '@pushfn/model/image-base'
import type { BuilderContext } from './context.ts'
import type { FunctionPlan } from './steps/plan.ts'

export interface BuildInputs {
  /** What the image stands on now. */
  bases: ImageBase[]
  /** The hash of all that goes into it; undefined where it cannot be told what it will stand on. */
  inputs: string | undefined
}

/**
 * What goes into a function's image. Equal hashes are of one tenant for certain, whose slug is among the build arguments: no
 * tenant gets what another one built.
 */
export const inputsOf = async (
  { config }: Pick<BuilderContext, 'config'>,
  imageBases: (images: readonly string[]) => Promise<LookedUpImage[]>,
  plan: FunctionPlan,
): Promise<BuildInputs> => {
  const images = plan.foundation ? plan.foundation.bases.map(({ image }) => image) : [config.baseImage]
  const isOfCloud = plan.foundation === undefined
  const bases = (await imageBases(images)).map((base) => ({ ...base, isOfCloud }))
  const ids = idsOf(bases)
  return {
    bases,
    inputs: ids && inputsHash({ context: plan.context, buildArgs: plan.image.buildArgs, bases: ids }),
  }
}
