import type { Fault } from '@pushfn/model/errors'
import type Docker from 'dockerode'
import { type BaseImage, checkDockerfile } from './check-dockerfile.ts'
import { type ImagePolicy, imageProblem } from './image-names.ts'
import { inspectImage } from './inspect-image.ts'
import { refuseFaults } from './refuse.ts'

/**
 * What a tenant's Dockerfile stands on. The check of the file (`check-dockerfile.ts`) is the first wall; here are two that
 * do not depend on how it was read: what the engine says of each image, and what BuildKit itself says that it will fetch.
 */
export interface Foundation {
  /** The Dockerfile as the tenant knows it, for places. */
  file: string
  /** Images that are no stages of it, by all names they may have. */
  bases: readonly BaseImage[]
  policy: ImagePolicy
}

/**
 * Looks at those images of a foundation that the engine has. Throws HANDLER_INVALID for one that came from no registry (it
 * is somebody's on this machine: the classic engine's BuildKit builds upon any by its name) and for one whose ONBUILD
 * steps would do what no Dockerfile may. `allowed` are images of the engine that everybody may stand on.
 */
export const checkFoundation = async (
  docker: Docker,
  fn: string,
  { file, bases, policy }: Foundation,
  allowed: readonly string[],
): Promise<void> => {
  const look = (name: string) => inspectImage(docker, name)
  const allowedIds = (await Promise.all(allowed.map(look))).map((image) => image?.Id)
  const faults: Fault[] = []
  for (const { image: name, line } of bases) {
    const image = await look(name)
    if (!image) continue
    const isEveryones = name.startsWith(policy.ownPrefix) || allowedIds.includes(image.Id)
    const problem =
      isEveryones || (image.RepoDigests ?? []).length > 0
        ? triggersProblem(image.Config.OnBuild ?? [], policy)
        : 'is an image of this machine that no registry has: stand on one of a registry'
    if (problem !== undefined) faults.push({ message: `${name} ${problem}`, place: { file, line } })
  }
  if (faults.length > 0) throw refuseFaults('HANDLER_INVALID', { name: fn }, faults)
}

const triggersProblem = (triggers: readonly string[], policy: ImagePolicy): string | undefined => {
  for (const trigger of triggers) {
    const [fault] = checkDockerfile(`FROM scratch\n${trigger}`, { ...policy, file: '', buildArgs: {} }).faults
    if (fault) return `has an ONBUILD step that no Dockerfile may have: ${fault.message}`
  }
  return undefined
}

/**
 * What is wrong with something that BuildKit says it will do, if it is: fetch an address by the builder's own network, or
 * take an image that the tenant may not have. It says so of every step, by names it made itself, before it begins one.
 */
export const vertexProblem = (vertex: string, policy: ImagePolicy): string | undefined => {
  const step = vertex.replace(/^\[[^\]]*\] /, '')
  if (/^(ADD .*)?(\b(https?|ftp|git|ssh):\/\/|\bgit@)/i.test(step))
    return `${step.slice(0, 200)} would be fetched by the builder itself: use RUN with curl or wget`
  const [, image] = /^FROM (?:--\S+ )*(\S+)/.exec(step) ?? []
  return image === undefined || image === 'scratch' ? undefined : imageProblem(image, policy)
}
