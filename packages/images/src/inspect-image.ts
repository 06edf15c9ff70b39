import { AppError } from '@pushfn/model/errors'
import type Docker from 'dockerode'

/** The engine knows its images by heart. */
const LIMIT_MS = 10_000

/** An image as the engine has it; undefined when it has none of that name or id. Throws ENGINE_FAILED, also for an engine that does not answer. */
export const inspectImage = async (docker: Docker, name: string): Promise<Docker.ImageInspectInfo | undefined> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer in ${LIMIT_MS / 1_000} s`)), LIMIT_MS)
  try {
    return await Promise.race([docker.getImage(name).inspect(), late.promise])
  } catch (err) {
    if (err instanceof Error && 'statusCode' in err && err.statusCode === 404) return undefined
    throw new AppError('ENGINE_FAILED', `looking at ${name}: ${err instanceof Error ? err.message : err}`, {
      hint: 'the builder did not work: it is tried again',
      cause: err,
    })
  } finally {
    clearTimeout(timer)
  }
}
