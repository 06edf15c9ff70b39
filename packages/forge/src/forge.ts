import type { CommitStatus } from '@pushfn/model/deploy-status'
import type { Fault } from '@pushfn/model/errors'

/**
 * Where code lives. One folder per forge, one line each in `forges.ts`. A forge never touches the database: it turns a
 * request into events, and the cloud's words into the forge's calls.
 */
export interface Forge {
  readonly kind: ForgeKind

  /** None for a forge that sends none. */
  webhooks?: ForgeWebhooks

  /**
   * From where, and with what header, the builder fetches a repository. The header is a secret: never log it. Throws
   * FORGE_FAILED when trying again may help, FORBIDDEN or NOT_FOUND when the cloud may not read the repository.
   */
  checkoutSource(repository: ForgeRepository, signal?: AbortSignal): Promise<CheckoutSource>

  /**
   * Sets one commit status; statuses of one commit and context keep the order of the calls. Waits and tries again by
   * itself, but not for long. Throws FORGE_FAILED when the caller shall try again later, FORBIDDEN, NOT_FOUND or
   * BAD_REQUEST when that cannot help; rejects with the signal's reason when the signal fires. No build waits for it.
   */
  setStatus(repository: ForgeRepository, sha: string, status: CommitStatus, signal?: AbortSignal): Promise<void>

  /**
   * Creates or updates the stack's check run, where the forge has such a thing. Returns its id, to be handed in at the
   * next call; undefined when the forge or the installation's permissions have no checks (then statuses tell all). Two
   * calls with one `externalId` and no id make one check. Throws as `setStatus` does.
   */
  setCheck?(
    repository: ForgeRepository,
    sha: string,
    check: StackCheck,
    signal?: AbortSignal,
  ): Promise<string | undefined>

  /**
   * Keeps the cloud's one comment of that key on a pull request up to date: makes it, or replaces its text. Nobody
   * else's comment is ever touched. Throws as `setStatus` does; absent where a forge has no pull requests.
   */
  upsertComment?(
    repository: ForgeRepository,
    pullRequest: number,
    comment: PullRequestComment,
    signal?: AbortSignal,
  ): Promise<void>
}

export type ForgeKind = 'github' | 'gitlab' | 'gitea' | 'builtin'

export interface ForgeWebhooks {
  /** Whether the headers bear what could be a signature at all: without one the body is not even read. */
  isSigned(headers: WebhookRequest['headers']): boolean

  /**
   * Verifies a webhook over its raw bytes and says what it means. `id` names the delivery; a redelivery has the same.
   * Throws AppError UNAUTHENTICATED (signature), BAD_REQUEST (no JSON, no event header, not the forge's shape), and
   * FORGE_FAILED when the forge must be asked whose repository it is and does not answer.
   */
  receive(request: WebhookRequest): Promise<ForgeDelivery>

  /** How a webhook of one repository alone is set up; absent where the forge connects repositories by itself. */
  hookOf?(repositoryId: string): RepositoryHook
}

/** A webhook that speaks for one repository and for no other. */
export interface RepositoryHook {
  /** What its URL has after `/webhooks/<forge>`: `?repository=15`. */
  query: string
  secret: string
}

export interface WebhookRequest {
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  body: Buffer
  /** The repository that the hook's URL says it speaks for; absent for one that speaks for all. */
  repositoryId?: string
}

/** A repository as the forge names it. Ids are the forge's numeric ones, as text: names are only labels. */
export interface ForgeRepository {
  id: string
  name: string
  owner: string
  ownerId: string
  isPrivate: boolean
  defaultBranch: string
  /** GitHub: the App's installation that may read it. */
  installationId?: string
}

export interface CheckoutSource {
  url: string
  /** What stands after `Authorization: ` in the fetch; absent where none is needed. */
  authorization?: string
}

export interface ForgeDelivery {
  id: string
  /** The forge's own name of it: `push`, `installation`, … */
  event: string
  action?: string
  /** What it means to the cloud; empty for all that it ignores. */
  events: readonly ForgeEvent[]
  /** For the ledger when `events` is empty: why. */
  ignored?: string
}

export type ForgeEvent =
  | { kind: 'ping' }
  | {
      kind: 'push'
      repository: ForgeRepository
      /** `refs/heads/main` */
      ref: string
      before: string
      /** The new commit; absent when the ref was deleted. */
      after?: string
      isForced: boolean
      pusher: string
      /** First line of the head commit's message. */
      message: string
    }
  | { kind: 'installed'; installationId: string; account: ForgeAccount; repositories: readonly ForgeRepositoryLabel[] }
  | { kind: 'uninstalled'; installationId: string; account: ForgeAccount }
  | { kind: 'suspended' | 'unsuspended'; installationId: string; account: ForgeAccount }
  | {
      kind: 'repositories-changed'
      installationId: string
      account: ForgeAccount
      added: readonly ForgeRepositoryLabel[]
      removed: readonly ForgeRepositoryLabel[]
    }
  | { kind: 'repository-renamed' | 'repository-edited' | 'repository-transferred'; repository: ForgeRepository }
  | { kind: 'repository-deleted'; repository: Pick<ForgeRepository, 'id'> }
  | {
      kind: 'pull-request'
      repository: ForgeRepository
      /** `synchronised`: there are other commits in it. `closed`: merged or not. */
      action: 'opened' | 'synchronised' | 'reopened' | 'closed'
      /** What people see, `#7` or `!7`: unique within the repository. */
      number: number
      title: string
      /** The login of who did it. */
      sender: string
      headSha: string
      /** The branch it comes from; of another repository when `isFork`. */
      headRef: string
      /** The branch it is to go into. */
      baseRef: string
      isFork: boolean
    }

export interface ForgeAccount {
  id: string
  login: string
}

export interface ForgeRepositoryLabel {
  id: string
  name: string
  isPrivate: boolean
}

/** One comment per pull request and key. */
export interface PullRequestComment {
  /** Letters, digits and “-”: the comment is found again by it. */
  key: string
  /** Markdown. */
  body: string
}

/** The stack's check run: one from delivery to the first 200. */
export interface StackCheck {
  /** The id a former call returned. */
  id?: string
  /** The build's id, kept by the forge beside the check. */
  externalId: string
  title: string
  /** Markdown. */
  summary: string
  /** The end of the build log as text. */
  log: string
  state: 'queued' | 'in_progress' | 'success' | 'failure' | 'neutral' | 'cancelled'
  startedAt?: Date
  completedAt?: Date
  detailsUrl: string
  faults: readonly Fault[]
}
