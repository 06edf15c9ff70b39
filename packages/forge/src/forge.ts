import type { CommitStatus } from '@pushfn/model/deploy-status'
import type { Fault } from '@pushfn/model/errors'
import type { CheckActionName, ForgeAccount, ForgeEvent, ForgeRepository } from './forge-event.ts'

export type { CheckActionName, ForgeAccount, ForgeEvent, ForgeRepository, ForgeRepositoryLabel } from './forge-event.ts'

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
   * Where a branch stands, to find pushes that nobody told of; undefined when there is no such branch, `unchanged` when
   * it stands as it did when the forge gave `etag`. Throws as `setStatus` does. Absent: nothing is found by itself.
   */
  headOf?(
    repository: ForgeRepository,
    branch: string,
    options?: { etag?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<BranchHead | 'unchanged' | undefined>

  /**
   * Sets one commit status; statuses of one commit and context keep the order of the calls. Waits and tries again by
   * itself, but not for long. Throws FORGE_FAILED when the caller shall try again later, FORBIDDEN, NOT_FOUND or
   * BAD_REQUEST when that cannot help; rejects with the signal's reason when the signal fires. No build waits for it.
   */
  setStatus(repository: ForgeRepository, sha: string, status: CommitStatus, signal?: AbortSignal): Promise<void>

  /**
   * Creates or updates a check run, where the forge has such a thing: it stands in the place of the commit status of the
   * same name, and says more. Returns its id, to be handed in at the next call; undefined when the forge or the
   * installation's permissions have no checks (then statuses tell all). Two calls with one name, one `externalId` and no
   * id make one check, when the second says that it `mayExist`. Throws as `setStatus` does.
   */
  setCheck?(repository: ForgeRepository, sha: string, check: Check, signal?: AbortSignal): Promise<string | undefined>

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

  /**
   * Records that a commit is brought to an environment, where the forge keeps such records. Returns the record's id, to be
   * handed in at the next call; undefined when the installation's permissions have none. Two calls with one environment,
   * one `externalId` and no id make one record, and one state is recorded once, when the second says that it `mayExist`.
   * Throws as `setStatus` does.
   */
  setDeployment?(
    repository: ForgeRepository,
    sha: string,
    deployment: Deployment,
    signal?: AbortSignal,
  ): Promise<string | undefined>
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

  /**
   * Deliveries since then that nobody took, in the order they were made; absent where the forge keeps no record of them.
   * Throws as `setStatus` does.
   */
  failedSince?(since: Date, signal?: AbortSignal): Promise<FailedDelivery[]>

  /** Has the forge send one of them again, under the same id. */
  redeliver?(delivery: FailedDelivery, signal?: AbortSignal): Promise<void>
}

/** A webhook that speaks for one repository and for no other. */
export interface RepositoryHook {
  /** What its URL has after `/webhooks/<forge>`: `?repository=15`. */
  query: string
  secret: string
}

export interface FailedDelivery {
  /** The delivery's id, as `receive` gives it. */
  id: string
  /** The forge's number of the attempt that failed. */
  attempt: number
}

export interface WebhookRequest {
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  body: Buffer
  /** The repository that the hook's URL says it speaks for; absent for one that speaks for all. */
  repositoryId?: string
}

export interface BranchHead {
  sha: string
  /** First line of the commit's message. */
  message: string
  /** The words in the whole of it that ask not to build. */
  skip?: string
  /** Who wrote the commit: a login, or a name. */
  author: string
  /** To be handed in next time, where the forge knows conditional requests. */
  etag?: string
}

export interface CheckoutSource {
  url: string
  /** What stands after `Authorization: ` in the fetch; absent where none is needed. */
  authorization?: string
  /** To be called when the fetch failed: the forge may have taken the authorization back before its time. */
  forget?(): Promise<void>
}

export interface ForgeDelivery {
  id: string
  /** The forge's own name of the webhook that it came by, where it has one: of several that tell of one push each has its own. */
  hook?: string
  /** The forge's own name of it: `push`, `installation`, … */
  event: string
  action?: string
  /** What it means to the cloud; empty for all that it ignores. */
  events: readonly ForgeEvent[]
  /** For the ledger when `events` is empty: why. */
  ignored?: string
  /** For the ledger: whose it is, where the events do not say. */
  account?: ForgeAccount
  /** For the ledger: which repository it is about, where the events do not say. */
  repository?: { id: string; name: string }
}

/** One comment per pull request and key. */
export interface PullRequestComment {
  /** Letters, digits and “-”: the comment is found again by it. */
  key: string
  /** Markdown. */
  body: string
}

/** A commit on its way to an environment. */
export interface Deployment {
  /** The id a former call returned. */
  id?: string
  /** A call before this one may have recorded this, without hearing so. */
  mayExist: boolean
  /** The build's id, kept by the forge beside it. */
  externalId: string
  environment: string
  /** Which of several that environment is, where each pull request has one of its own. */
  instance?: string
  /** People use it. */
  isProduction: boolean
  /** `inactive`: it was given up for another one, or is not there any more. */
  state: 'in_progress' | 'success' | 'failure' | 'error' | 'inactive'
  description: string
  /** Where it answers. */
  environmentUrl?: string
  logUrl: string
}

/** A check run: one for the stack and one for each function, from the push to its end. */
export interface Check {
  /** As a commit status's context; branch rules go by it. */
  name: string
  /** The id a former call returned. */
  id?: string
  /** A call before this one may have made it without hearing its id: then it is looked for before one is made. */
  mayExist: boolean
  /** The build's id, kept by the forge beside the check. */
  externalId: string
  title: string
  /** Markdown. */
  summary: string
  /** The end of the build log as text. */
  log: string
  state: 'queued' | 'in_progress' | 'success' | 'failure' | 'neutral' | 'cancelled' | 'action_required'
  startedAt?: Date
  completedAt?: Date
  detailsUrl: string
  faults: readonly Fault[]
  /** Buttons on it, where the forge has such; none without. */
  actions?: readonly CheckActionName[]
}
