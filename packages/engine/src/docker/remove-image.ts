import type Dockerode from 'dockerode'
import { accepting, engineFailure, within } from './failure.ts'
import { LABEL } from './names.ts'
import { unlessAborted } from './unless-aborted.ts'

const LIMIT_MS = 60_000
const GONE = 404
/** Another name, a container or another image still needs it. */
const CONFLICT = 409

/**
 * By its id, or by the digest of a registry. An image has several names, each of which goes by itself; the last takes the
 * image along. Docker's own check comes too late: it takes names away from an image whose containers are stopped.
 */
export const removeImage = async (
  { docker, cloud }: { docker: Dockerode; cloud: string },
  image: string,
  signal?: AbortSignal,
): Promise<boolean> => {
  const abortSignal = within(LIMIT_MS, signal)
  const inspect = (name: string) => accepting([GONE], unlessAborted(docker.getImage(name).inspect(), abortSignal))
  const remove = (name: string) => accepting([GONE, CONFLICT], docker.getImage(name).remove({ abortSignal }))
  try {
    const info = await inspect(image)
    if (info?.Config.Labels?.[`${LABEL}managed`] !== cloud) return true
    const filters = { ancestor: [info.Id] }
    if ((await docker.listContainers({ all: true, filters, abortSignal })).length > 0) return false
    for (const name of [...(info.RepoTags ?? []), ...(info.RepoDigests ?? [])]) await remove(name)
    await remove(info.Id)
    return (await inspect(info.Id)) === undefined
  } catch (error) {
    throw engineFailure(`remove image ${image}`, error, signal)
  }
}
