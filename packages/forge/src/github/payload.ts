import { z } from 'zod'

/**
 * Only the fields that we read of GitHub's webhook payloads
 * (https://docs.github.com/en/webhooks/webhook-events-and-payloads). GitHub adds fields and actions at will: what is
 * not named here is not looked at. Names become parts of URLs, so they are held to what GitHub allows.
 */
const Id = z.int().positive().transform(String)
const Login = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/)
const Name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/)
  .refine((name) => name !== '.' && name !== '..')
const Sha = z.string().regex(/^[0-9a-f]{40}$/)

const Account = z.object({ id: Id, login: Login })
const Repository = z.object({
  id: Id,
  name: Name,
  private: z.boolean(),
  default_branch: z.string().max(1024),
  owner: Account,
})
const RepositoryLabel = z.object({ id: Id, name: Name, private: z.boolean() })

export const PushPayload = z.object({
  ref: z.string().startsWith('refs/').max(1024),
  before: Sha,
  after: Sha,
  deleted: z.boolean(),
  forced: z.boolean(),
  pusher: z.object({ name: z.string() }),
  head_commit: z.object({ id: Sha, message: z.string() }).nullish(),
  repository: Repository,
  installation: z.object({ id: Id }).optional(),
})
export type PushPayload = z.infer<typeof PushPayload>

export const ReleasePayload = z.object({
  action: z.string(),
  release: z.object({ tag_name: z.string().min(1).max(1024), name: z.string().nullish(), prerelease: z.boolean() }),
  sender: z.object({ login: z.string() }),
  repository: Repository,
  installation: z.object({ id: Id }).optional(),
})

export const InstallationPayload = z.object({
  action: z.string(),
  installation: z.object({ id: Id, account: Account }),
  repositories: z.array(RepositoryLabel).nullish(),
})
export type InstallationPayload = z.infer<typeof InstallationPayload>

export const InstallationRepositoriesPayload = z.object({
  installation: z.object({ id: Id, account: Account }),
  repositories_added: z.array(RepositoryLabel),
  repositories_removed: z.array(RepositoryLabel),
})
export type InstallationRepositoriesPayload = z.infer<typeof InstallationRepositoriesPayload>

export const RepositoryPayload = z.object({
  action: z.string(),
  repository: Repository,
  installation: z.object({ id: Id }).optional(),
})
export type RepositoryPayload = z.infer<typeof RepositoryPayload>

const Branch = z.string().max(1024)
const PullRequestEnd = z.object({
  sha: Sha,
  ref: Branch,
  /** Null when the fork was deleted. */
  repo: z.object({ id: Id }).nullable(),
})

export const PullRequestPayload = z.object({
  action: z.string(),
  number: z.int().positive(),
  pull_request: z.object({ title: z.string(), head: PullRequestEnd, base: PullRequestEnd }),
  /** The head before, of `synchronize`. */
  before: Sha.optional(),
  /** Of `labeled`. */
  label: z.object({ name: z.string() }).nullish(),
  sender: z.object({ login: z.string() }),
  repository: Repository,
  installation: z.object({ id: Id }).optional(),
})
export type PullRequestPayload = z.infer<typeof PullRequestPayload>

/** A check run or suite: of one that is ours `external_id` is the build's id. */
const Checked = {
  action: z.string(),
  repository: Repository,
  installation: z.object({ id: Id }).optional(),
  sender: z.object({ id: Id, login: z.string() }),
}
export const CheckRunPayload = z.object({
  ...Checked,
  check_run: z.object({ head_sha: Sha, external_id: z.string().nullish(), name: z.string().max(1024).optional() }),
  /** Of `requested_action`. */
  requested_action: z.object({ identifier: z.string() }).nullish(),
})
export const CheckSuitePayload = z.object({ ...Checked, check_suite: z.object({ head_sha: Sha }) })

/** What every payload may have. Whose it is and what it is about is for the ledger alone: where it is not told, it is not known. */
export const AnyPayload = z.object({
  action: z.string().max(100).optional(),
  repository: z.object({ id: Id, name: Name, owner: Account }).optional().catch(undefined),
  installation: z.object({ account: Account }).optional().catch(undefined),
  organization: Account.optional().catch(undefined),
})
export type AnyPayload = z.infer<typeof AnyPayload>
