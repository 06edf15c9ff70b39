import type { Patience } from '../patience.ts'

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
  patience?: Partial<Patience>
}
