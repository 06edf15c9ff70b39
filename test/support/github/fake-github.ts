import type { Fault, FaultTarget } from './faults.ts'
import type { createPullRequests } from './pull-requests.ts'
import type { Call } from './server.ts'
import type { Delivery, Webhooks } from './webhooks.ts'
import type { Account, CheckRun, Deployment, Installation, Permissions, Repository, Word } from './world.ts'

/**
 * A GitHub for tests: a real HTTP server with a GitHub App, accounts and repositories. It holds every request against
 * GitHub's own description and says no where GitHub would; it serves Git; a real `git push` becomes a signed webhook.
 */
export interface FakeGithub extends AsyncDisposable, ReturnType<typeof createPullRequests> {
  /** `http://127.0.0.1:<port>`: repositories are at `<url>/<owner>/<name>.git`. */
  url: string
  apiUrl: string
  /** Every request so far. */
  calls: readonly Call[]
  webhooks: Webhooks
  /** Requests that broke one of GitHub's limits. */
  limitViolations(): number

  createAccount(login: string, type?: Account['type']): Account
  createRepository(options: NewRepository): Promise<Repository>
  /** Installs the App on an account; resolves when the webhook is answered. */
  install(account: Account, options?: NewInstallation): Promise<Installation>
  uninstall(installation: Installation): Promise<void>
  suspend(installation: Installation, isSuspended: boolean): Promise<void>
  /** Takes repositories into an installation of selected ones, or out of it. */
  selectRepositories(installation: Installation, change: { add?: Repository[]; remove?: Repository[] }): Promise<void>
  renameRepository(repository: Repository, name: string): Promise<void>
  setPrivate(repository: Repository, isPrivate: boolean): Promise<void>
  deleteRepository(repository: Repository): Promise<void>
  /** Renames an account; its old login is free for others at once. GitHub tells no App of it by a `repository` event. */
  renameAccount(account: Account, login: string): void
  /** “Re-run” of a check run, or “Re-run all checks” of a commit; resolves when the webhook is answered. */
  rerequest(repository: Repository, what: CheckRun | { sha: string }, sender?: Account): Promise<Delivery>
  /** Presses a button that the check run has; resolves when the webhook is answered. */
  pressButton(repository: Repository, check: CheckRun, identifier: string, sender?: Account): Promise<Delivery>
  /** Publishes a release of a tag that is there; resolves when the webhook is answered. */
  publishRelease(repository: Repository, tag: string, about?: { isPrerelease?: boolean }): Promise<Delivery>
  ping(): Promise<void>

  /** A clone URL with a person's password in it: the owner's, unless another is named. */
  pushUrl(repository: Repository, account?: Account): string
  /** Makes the next `times` calls of an operation go wrong. */
  fail(target: FaultTarget, fault: Fault, times?: number): void
  /** No more faults; what hangs goes on hanging. */
  heal(): void
  setTokenLife(ms: number): void
  /** Every token that was ever given out. */
  issuedTokens(): readonly string[]
  /** Makes a token useless at once, as GitHub does when it is found in public. */
  revokeTokens(): void

  /** What a commit was told by statuses and check runs, oldest first. */
  statusesOf(sha: string): Word[]
  checksOf(sha: string): CheckRun[]
  deploymentsOf(sha: string): Deployment[]
  /**
   * Resolves when the commit has, or had, this status or a check run that stands for it; rejects after `timeoutMs` with
   * what it has instead.
   */
  waitForStatus(sha: string, context: string, state: string, timeoutMs?: number): Promise<Word>
  /** Resolves when every push that came in is told of, and every webhook answered. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export interface FakeGithubOptions {
  /** Where the App's webhooks go; it may be set later in `webhooks.settings.url`. */
  webhookUrl: string
  webhookSecret: string
  /** The private key is handed to whoever makes the App by a manifest. */
  app: { id: number; publicKey: string; privateKey?: string }
}

export interface NewRepository {
  owner: Account
  name: string
  isPrivate?: boolean
  defaultBranch?: string
}

export interface NewInstallation {
  repositories?: 'all' | readonly Repository[]
  permissions?: Permissions
}
