import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { accepting, engineFailure, within } from './failure.ts'
import { identityOf } from './names.ts'
import { ownContainer } from './own-container.ts'
import type { SecretFiles } from './secret-files.ts'

const LIMIT_MS = 30_000
const GONE = 404
const NOT_MODIFIED = 304
/** Somebody else removes it already. */
const CONFLICT = 409

export interface RemoveContext {
  docker: Dockerode
  cloud: string
  secretFiles: SecretFiles
}

/**
 * Stops with the image's own signal (SIGTERM unless it names another), then removes the container with its anonymous
 * volumes and its secrets. Docker counts the grace in whole seconds: it is rounded up.
 */
export const removeReplica = async (
  { docker, cloud, secretFiles }: RemoveContext,
  replicaId: string,
  graceMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const limit = within(graceMs + LIMIT_MS, signal)
  try {
    const info = await ownContainer(docker, cloud, replicaId, limit)
    if (!info) return
    const container = docker.getContainer(info.Id)
    if (info.State.Running && graceMs > 0) {
      const stopping = container.stop({ t: Math.ceil(graceMs / 1000), abortSignal: limit })
      await accepting([NOT_MODIFIED, GONE], stopping)
    }
    await accepting([GONE, CONFLICT], container.remove({ force: true, v: true, abortSignal: limit }))
    while (await ownContainer(docker, cloud, info.Id, limit)) await sleep(50, undefined, { signal: limit })
    const key = identityOf(cloud, info.Name, info.Config.Labels)?.secrets
    if (key !== undefined) await secretFiles.remove(info.Name.replace(/^\//, ''), key)
  } catch (error) {
    throw engineFailure(`remove replica ${replicaId}`, error, signal)
  }
}
