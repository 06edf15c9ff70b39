import { RequestError } from '@octokit/request-error'
import { AppError } from '@pushfn/model/errors'

/**
 * A failed call to GitHub as an AppError: FORGE_FAILED when trying again may help (limits, 5xx, time-outs, broken
 * connections, a token refused), FORBIDDEN, NOT_FOUND or BAD_REQUEST when it cannot. `RequestError` has the token struck
 * out of the request that it carries.
 */
export const githubFailure = (doing: string, error: unknown, hint?: string): AppError => {
  if (error instanceof AppError) return error
  if (!(error instanceof RequestError)) {
    const message = error instanceof Error ? error.message : String(error)
    return new AppError('FORGE_FAILED', `GitHub: ${doing}: ${message}`, { cause: error, hint: hint ?? UNREACHABLE })
  }
  const requestId = error.response?.headers['x-github-request-id']
  const answer = error.response ? `GitHub answered ${error.status}` : 'GitHub did not answer'
  const message = `${answer} to ${doing}${requestId ? ` (request ${requestId})` : ''}: ${error.message}`
  if (isTemporary(error)) return new AppError('FORGE_FAILED', message, { cause: error, hint: hint ?? UNREACHABLE })
  return new AppError(permanentCode(error.status), message, { cause: error, hint: hint ?? REFUSED })
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof RequestError && error.response ? error.status : undefined

/** GitHub limits with 403 as well as 429 (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). */
export const isRateLimit = (error: RequestError): boolean =>
  error.status === 429 ||
  (error.status === 403 &&
    (/\brate limit\b/i.test(error.message) ||
      error.response?.headers['x-ratelimit-remaining'] === '0' ||
      error.response?.headers['retry-after'] !== undefined))

/** Whether the outcome is unknown or may differ next time. */
export const isTemporary = (error: unknown): boolean =>
  !(error instanceof RequestError) ||
  !error.response ||
  error.status >= 500 ||
  error.status === 401 ||
  error.status === 408 ||
  isRateLimit(error)

const permanentCode = (status: number) =>
  status === 403 ? 'FORBIDDEN' : status === 404 || status === 410 || status === 451 ? 'NOT_FOUND' : 'BAD_REQUEST'

const UNREACHABLE = 'GitHub could not be reached, or asked to wait; the cloud tries again'
const REFUSED =
  'GitHub refused: see that the GitHub App is installed on the repository and its permissions are accepted'
