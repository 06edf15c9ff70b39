import { z } from 'zod'
import type { ForgeRepository } from '../forge.ts'
import { Branch, Id, Name, RefName, Sha } from '../payload.ts'

/**
 * Only the fields that we read of Gitea's webhooks (https://docs.gitea.com/usage/webhooks; the shapes are those of
 * `modules/structs/hook.go`) and of its answers. Forgejo's are the same.
 */
export const Repository = z
  .object({
    id: Id,
    name: Name,
    private: z.boolean(),
    /** Open to whoever has an account there. */
    internal: z.boolean().optional(),
    default_branch: Branch,
    owner: z.object({ id: Id, login: Name }),
  })
  .transform(
    (repository): ForgeRepository => ({
      id: repository.id,
      name: repository.name,
      owner: repository.owner.login,
      ownerId: repository.owner.id,
      isPrivate: repository.private || repository.internal === true,
      defaultBranch: repository.default_branch || 'main',
    }),
  )

const User = z.object({ login: z.string() })

export const PushPayload = z.object({
  ref: RefName,
  before: Sha,
  after: Sha,
  pusher: User,
  head_commit: z.object({ id: Sha, message: z.string() }).nullish(),
  repository: Repository,
})
export type PushPayload = z.infer<typeof PushPayload>

export const ReleasePayload = z.object({
  action: z.string(),
  release: z.object({ tag_name: z.string().min(1).max(1024), name: z.string().nullish(), prerelease: z.boolean() }),
  sender: User,
  repository: Repository,
})
export type ReleasePayload = z.infer<typeof ReleasePayload>

/** A branch or tag that was deleted: no push tells of it. */
export const DeletePayload = z.object({
  ref: z.string().max(1024),
  ref_type: z.enum(['branch', 'tag']),
  sender: User,
  repository: Repository,
})
export type DeletePayload = z.infer<typeof DeletePayload>

const PullRequestEnd = z.object({ ref: Branch, sha: Sha, repo_id: z.int() })

export const PullRequestPayload = z.object({
  action: z.string(),
  number: z.int().positive(),
  pull_request: z.object({
    title: z.string(),
    head: PullRequestEnd,
    base: PullRequestEnd,
    labels: z.array(z.object({ name: z.string() })).nullish(),
  }),
  repository: Repository,
  sender: User,
})
export type PullRequestPayload = z.infer<typeof PullRequestPayload>

export const RepositoryPayload = z.object({ action: z.string(), repository: z.object({ id: Id }) })

/** What every payload may have. */
export const AnyPayload = z.looseObject({ action: z.string().max(100).optional() })
