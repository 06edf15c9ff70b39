import { hasImage } from '@pushfn/images/has-image'
import { imagePrefixes } from '@pushfn/images/plan-image'
import { type KnownImage, knownImage } from '@pushfn/store/images'
import { registryLogin } from './registry-login.ts'
import type { Run } from './run.ts'

/**
 * The tenant's image of the same inputs, when functions can still be made of it: it stands where this cloud keeps its
 * images today (there may have been another registry, or none), and is not lost there.
 */
export const findImage = async (run: Run, inputs: string): Promise<KnownImage | undefined> => {
  const { config, db, docker } = run.context
  const { tenant } = run.build.push.repository
  const known = await knownImage(db, tenant.id, inputs)
  if (!known) return undefined
  const isInPlace = config.registry
    ? known.digest.startsWith(imagePrefixes(config.registry, tenant.slug).ownPrefix)
    : known.digest.startsWith('sha256:')
  return isInPlace && (await hasImage(docker, known.digest, registryLogin(config))) ? known : undefined
}
