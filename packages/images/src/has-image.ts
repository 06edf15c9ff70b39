import type Docker from 'dockerode'
import { inspectImage } from './inspect-image.ts'

const LIMIT_MS = 10_000

/**
 * Whether an image is still where functions get it from: by its id on the engine, by its digest at the registry, whatever
 * the engine itself has of it. Throws ENGINE_FAILED when the engine cannot tell; a registry that cannot has not got it.
 */
export const hasImage = async (
  docker: Docker,
  digest: string,
  auth: { username: string; password: string } | undefined,
): Promise<boolean> =>
  digest.includes('@') ? hasAtRegistry(docker, digest, auth) : (await inspectImage(docker, digest)) !== undefined

const hasAtRegistry = async (
  docker: Docker,
  digest: string,
  authconfig: { username: string; password: string } | undefined,
): Promise<boolean> => {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), LIMIT_MS)
  const asked = docker
    .getImage(digest)
    .distribution(authconfig && { authconfig })
    .then(
      () => true,
      () => false,
    )
  try {
    return await Promise.race([asked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
