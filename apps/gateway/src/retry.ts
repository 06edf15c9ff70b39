/** How far a call that failed had come. */
export interface FailedAttempt {
  /** The head of the request may have left: undici writes it the moment the call is on a connection. */
  isSent: boolean
  hasAnswerBegun: boolean
  hasBody: boolean
  method: string
  error: Error
  attempts: number
}

const MAX_ATTEMPTS_SENT = 3

/** RFC 9110 §9.2.2, without PUT and DELETE when they bear a body: a body that is gone cannot be sent again. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
const CONNECTION_LOST = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])

export const errorCode = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined

/**
 * Whether a failed call may go to an endpoint once more. Before it was sent: always, nothing has happened yet. After: only
 * what may be repeated by the meaning of its method, has no body, and died with its connection before a byte of the
 * answer had come. A POST that may have arrived is never repeated.
 */
export const mayRetry = (attempt: FailedAttempt): boolean => {
  if (!attempt.isSent) return true
  if (attempt.hasAnswerBegun || attempt.hasBody || !IDEMPOTENT.has(attempt.method)) return false
  return attempt.attempts < MAX_ATTEMPTS_SENT && CONNECTION_LOST.has(errorCode(attempt.error) ?? '')
}
