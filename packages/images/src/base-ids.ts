import { AppError } from '@pushfn/model/errors'
import type Docker from 'dockerode'
import { z } from 'zod'

/** A registry is asked what its tags mean now; one that takes longer for all of a build's is not waited for. */
const LIMIT_MS = 10_000
/** Whoever stands on more is built each time: registries are not asked that often for one function. */
const MAX_BASES = 20

const Distribution = z.object({ Descriptor: z.object({ digest: z.string().startsWith('sha256:') }) })

/**
 * Says what images are by now, so that a tag that moves changes a build's inputs: the id of one that the engine has, else
 * the digest that its registry gives. Undefined when one of them cannot be told: such a build is always done. Each is
 * looked at once.
 */
export const createBaseIds = (docker: Docker): ((images: readonly string[]) => Promise<string[] | undefined>) => {
  const known = new Map<string, Promise<string | undefined>>()
  const idOf = (image: string) => {
    const id = known.get(image) ?? baseId(docker, image)
    known.set(image, id)
    return id
  }
  return async (images) => {
    if (images.length > MAX_BASES) return undefined
    const ids = await Promise.all(images.filter((image) => image !== 'scratch').map(idOf))
    const told = ids.filter((id) => id !== undefined)
    return told.length === ids.length ? told.sort() : undefined
  }
}

const baseId = async (docker: Docker, image: string): Promise<string | undefined> => {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return image
  try {
    return (await docker.getImage(image).inspect()).Id
  } catch (err) {
    if (!isMissing(err)) {
      throw new AppError('ENGINE_FAILED', `looking at ${image}: ${err instanceof Error ? err.message : err}`, {
        hint: 'the builder did not work: it is tried again',
        cause: err,
      })
    }
  }
  return digestAtRegistry(docker, image)
}

const digestAtRegistry = async (docker: Docker, image: string): Promise<string | undefined> => {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), LIMIT_MS)
  const asked = docker
    .getImage(image)
    .distribution()
    // What the registry says against it, the build will say better.
    .catch(() => undefined)
  try {
    return Distribution.safeParse(await Promise.race([asked, late.promise])).data?.Descriptor.digest
  } finally {
    clearTimeout(timer)
  }
}

const isMissing = (err: unknown): boolean => err instanceof Error && 'statusCode' in err && err.statusCode === 404
