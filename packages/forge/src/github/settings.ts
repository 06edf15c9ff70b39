/** What the GitHub driver needs; `docs/github-app.md` says where each comes from. */
export interface GithubSettings {
  appId: number
  /** The App's private key as PEM (PKCS#1 as GitHub gives it, or PKCS#8). */
  privateKey: string
  /** The webhook's secret; while it is being changed, the new one and the old one. */
  webhookSecrets: readonly string[]
  /** `https://api.github.com`, or `https://<host>/api/v3` of an Enterprise Server. */
  apiUrl: string
  /** `https://github.com`: where repositories are cloned from. Never taken from a payload. */
  cloneUrl: string
  /** Name of the stack's check run. */
  checkName?: string
  patience?: Partial<Patience>
}

/** How long a call to GitHub may take. Milliseconds. */
export interface Patience {
  /** One HTTP request. */
  attemptMs: number
  /** A whole call with all its waiting and trying again. */
  callMs: number
  /** The longest wait GitHub may ask for; when it asks for more the call fails at once. */
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
