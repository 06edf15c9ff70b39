/** How far a call had come whose connection did not come about or was lost. */
export interface FailedAttempt {
  /** The head of the request may have left. */
  isSent: boolean
  /** A byte of an answer had come. */
  hasAnswered: boolean
  hasBody: boolean
  method: string
  attempts: number
}

const MAX_ATTEMPTS_SENT = 3

/** RFC 9110 §9.2.2, without PUT and DELETE when they bear a body: a body that is gone cannot be sent again. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Whether a failed call may go to an endpoint once more. Before it was sent: always, nothing has happened yet. After: only
 * what may be repeated by the meaning of its method, has no body, and died with its connection before a byte of the
 * answer had come. A POST that may have arrived is never repeated.
 */
export const mayRetry = (attempt: FailedAttempt): boolean => {
  if (!attempt.isSent) return true
  if (attempt.hasAnswered || attempt.hasBody || !IDEMPOTENT.has(attempt.method)) return false
  return attempt.attempts < MAX_ATTEMPTS_SENT
}
