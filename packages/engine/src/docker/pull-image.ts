import type Dockerode from 'dockerode'
import { reasonOf, statusOf, within } from './failure.ts'

export interface RegistryLogin {
  username: string
  password: string
}

const LIMIT_MS = 10 * 60_000
const GONE = 404

/** Whether Docker refused for want of an image that a registry has: those are named by digest, others by their id alone. */
export const isImageMissing = (image: string, error: unknown): boolean =>
  statusOf(error) === GONE && image.includes('@sha256:') && /no such image/i.test(reasonOf(error))

/** Brings an image back that was built elsewhere, or pruned here. Throws Docker's or the registry's own words. */
export const pullImage = async (
  { docker, registryLogin }: { docker: Dockerode; registryLogin?: RegistryLogin },
  image: string,
  signal?: AbortSignal,
): Promise<void> => {
  const abortSignal = within(LIMIT_MS, signal)
  const stream = await docker.pull(image, { abortSignal, ...(registryLogin && { authconfig: registryLogin }) })
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(stream, (err: Error | null) => (err ? reject(err) : resolve())),
  )
}
