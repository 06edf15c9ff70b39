import { AppError } from '@pushfn/model/errors'
import type Docker from 'dockerode'

/** The engine lets nobody remove an image while it reads a container's files for somebody. */
const LIMIT_MS = 10_000

/**
 * Removes an image by name or id, with the layers that no other one needs. True when it is gone; false while a container
 * or another name still uses it. Throws ENGINE_FAILED.
 */
export const removeImage = async (docker: Docker, image: string): Promise<boolean> => {
  try {
    await docker.getImage(image).remove({ noprune: false, abortSignal: AbortSignal.timeout(LIMIT_MS) })
    return true
  } catch (err) {
    const status = err instanceof Error && 'statusCode' in err ? err.statusCode : undefined
    if (status === 404) return true
    if (status === 409) return false
    throw new AppError('ENGINE_FAILED', `removing image ${image}: ${err instanceof Error ? err.message : err}`, {
      cause: err,
    })
  }
}
