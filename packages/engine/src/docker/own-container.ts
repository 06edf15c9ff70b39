import type Dockerode from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import { accepting, within } from './failure.ts'
import { identityOf } from './names.ts'

const LIMIT_MS = 20_000
const GONE = 404

/**
 * The container as it is now, when it is a replica of this cloud. Whatever else stands on the engine is, for this driver,
 * not there: every call that is given an id asks here first.
 */
export const ownContainer = async (
  docker: Dockerode,
  cloud: string,
  id: string,
  signal?: AbortSignal,
): Promise<ContainerInspectInfo | undefined> => {
  /** The id becomes part of a path. */
  if (!/^[0-9a-f]{12,64}$/.test(id)) return undefined
  const info = await accepting([GONE], docker.getContainer(id).inspect({ abortSignal: within(LIMIT_MS, signal) }))
  return info && identityOf(cloud, info.Name, info.Config.Labels) ? info : undefined
}
