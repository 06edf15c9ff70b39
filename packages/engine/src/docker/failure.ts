import { AppError } from '@pushfn/model/errors'

/** The HTTP status Docker answered with, undefined when it did not answer. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined

/** An ENGINE_FAILED that says what was being done; an AppError and the caller's own abort pass through as they are. */
export const engineFailure = (doing: string, error: unknown, signal?: AbortSignal): unknown => {
  if (error instanceof AppError) return error
  if (signal?.aborted) return signal.reason
  return new AppError('ENGINE_FAILED', `docker: could not ${doing}: ${reasonOf(error)}`, { cause: error })
}

/** Docker's own words, without what dockerode puts before them. */
export const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
}

/** The call's result, or undefined when Docker answers with one of the statuses that are as good. */
export const accepting = async <T>(statuses: readonly number[], call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call
  } catch (error) {
    const status = statusOf(error)
    if (status !== undefined && statuses.includes(status)) return undefined
    throw error
  }
}

/** The caller's signal with a limit of its own, for a call that must not hang. */
export const within = (limitMs: number, signal?: AbortSignal): AbortSignal => {
  const limit = AbortSignal.timeout(limitMs)
  return signal ? AbortSignal.any([signal, limit]) : limit
}
