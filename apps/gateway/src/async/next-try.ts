/** How a try that was sent to the function went. */
export type Answered = { status: number; isFunctions: boolean; retryAfter: string | undefined }

const AGAIN = new Set([429, 502, 503, 504])

/**
 * Whether another try may bring an answer. What the function answers is its answer, but for the four statuses that say
 * “not now”. The gateway's own 404 is one of those: after a restart its routes may not be there yet.
 */
export const isWorthAnotherTry = ({ status, isFunctions }: Answered): boolean =>
  AGAIN.has(status) || (status === 404 && !isFunctions)

const LONGEST_MS = 5 * 60_000
const LONGEST_ASKED_MS = 3_600_000

/**
 * How long the next try waits: twice as long each time, with half of it by lot so that calls which failed together do not
 * come back together; never less than the function asked for by Retry-After (RFC 9110 §10.2.3, seconds or a date).
 */
export const retryDelayMs = (
  tries: number,
  {
    baseMs,
    retryAfter,
    nowMs,
    random,
  }: { baseMs: number; retryAfter: string | undefined; nowMs: number; random: number },
): number => {
  const full = Math.min(LONGEST_MS, baseMs * 2 ** Math.min(30, tries - 1))
  return Math.max(1, Math.round(full / 2 + (full / 2) * random), askedMs(retryAfter, nowMs))
}

const askedMs = (retryAfter: string | undefined, nowMs: number): number => {
  if (retryAfter === undefined) return 0
  const isDate = retryAfter.endsWith(' GMT')
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : isDate ? Date.parse(retryAfter) - nowMs : 0
  return Number.isNaN(ms) ? 0 : Math.min(LONGEST_ASKED_MS, Math.max(0, ms))
}
