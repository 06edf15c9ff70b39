import type { LookedUpImage } from '@pushfn/model/image-base'
import type Docker from 'dockerode'
import { z } from 'zod'
import { inspectImage } from './inspect-image.ts'

/** A registry is asked what its tags mean now; one that takes longer for all of a build's is not waited for. */
const LIMIT_MS = 10_000
/** Whoever stands on more is built each time: registries are not asked that often for one function. */
const MAX_BASES = 20

const Distribution = z.object({ Descriptor: z.object({ digest: z.string().startsWith('sha256:') }) })

/**
 * Says what images are by now: the id of one that the engine has, else the digest that its registry gives. One that cannot
 * be told has the id null. Each is looked at once.
 */
export const createImageBases = (docker: Docker): ((images: readonly string[]) => Promise<LookedUpImage[]>) => {
  const known = new Map<string, Promise<LookedUpImage>>()
  const look = (image: string) => {
    const base = known.get(image) ?? imageBase(docker, image)
    known.set(image, base)
    return base
  }
  return async (images) => {
    const named = images.filter((image) => image !== 'scratch')
    return named.length > MAX_BASES ? named.map(untold) : Promise.all(named.map(look))
  }
}

/** Their ids, so that a tag that moves changes a build's inputs; undefined when one cannot be told: such a build is always done. */
export const idsOf = (bases: readonly LookedUpImage[]): string[] | undefined => {
  const ids = bases.map((base) => base.id).filter((id) => id !== null)
  return ids.length === bases.length ? ids.sort() : undefined
}

const untold = (image: string): LookedUpImage => ({ image, id: null, digest: null })

const imageBase = async (docker: Docker, image: string): Promise<LookedUpImage> => {
  const [, pinned] = /@(sha256:[0-9a-f]{64})$/.exec(image) ?? []
  if (pinned !== undefined) return { image, id: image, digest: pinned }
  const here = await inspectImage(docker, image)
  if (here)
    return { image, id: here.Id, digest: /@(sha256:[0-9a-f]{64})$/.exec(here.RepoDigests?.[0] ?? '')?.[1] ?? null }
  const digest = await digestAtRegistry(docker, image)
  return { image, id: digest ?? null, digest: digest ?? null }
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
