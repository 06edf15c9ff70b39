/** How long a call to a forge may take. Milliseconds. */
export interface Patience {
  /** One HTTP request. */
  attemptMs: number
  /** A whole call with all its waiting and trying again. */
  callMs: number
  /** The longest wait the forge may ask for; when it asks for more the call fails at once. */
  maxWaitMs: number
  /** Tries after the first that failed with 5xx, a time-out or a broken connection. */
  retries: number
  /** Wait before the first of them; the nth waits n² times as long. */
  retryBaseMs: number
}

export const DEFAULT_PATIENCE: Patience = {
  attemptMs: 10_000,
  callMs: 120_000,
  maxWaitMs: 60_000,
  retries: 2,
  retryBaseMs: 1_000,
}

/** While somebody waits for our answer: forges wait five seconds (Gitea) or ten for that of a webhook. */
export const hurried = (patience: Patience): Patience => ({
  attemptMs: Math.min(patience.attemptMs, 2_000),
  callMs: Math.min(patience.callMs, 4_000),
  maxWaitMs: Math.min(patience.maxWaitMs, 1_000),
  retries: Math.min(patience.retries, 1),
  retryBaseMs: Math.min(patience.retryBaseMs, 200),
})
