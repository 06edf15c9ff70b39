import { join } from 'node:path'
import { ensureBaseImage } from './base-images.ts'
import { ensureDocker } from './docker.ts'
import { repositoryRoot } from './repository-root.ts'

/**
 * vitest's global set-up for what needs containers: makes sure of the engine and of the base image, and hands their
 * names on as `PUSHFN_TEST_DOCKER_SOCKET` and `PUSHFN_TEST_BASE_IMAGE`.
 */
export default async (): Promise<void> => {
  const { docker, socketPath } = await ensureDocker(join(repositoryRoot, '.pushfn'))
  process.env.PUSHFN_TEST_DOCKER_SOCKET = socketPath
  process.env.PUSHFN_TEST_BASE_IMAGE = await ensureBaseImage(docker)
}
