import { z } from 'zod'
import { Branch, Id, Name, RefName, Sha } from '../payload.ts'

/**
 * Only the fields that we read of GitLab's webhooks (https://docs.gitlab.com/user/project/integrations/webhook_events/,
 * https://docs.gitlab.com/administration/system_hooks/) and of its answers.
 */
export const AnyPayload = z
  .looseObject({ object_kind: z.string().max(100).optional(), event_name: z.string().max(100).optional() })
  .refine((payload) => payload.object_kind ?? payload.event_name, 'neither object_kind nor event_name says what it is')

export const PushPayload = z.object({
  ref: RefName,
  before: Sha,
  after: Sha,
  /** The commit behind a tag with a message; null when there is none. */
  checkout_sha: Sha.nullish(),
  project_id: Id,
  user_username: z.string().nullish(),
  user_name: z.string().nullish(),
  /** Empty in system hooks. */
  commits: z.array(z.object({ id: z.string(), message: z.string() })).nullish(),
})
export type PushPayload = z.infer<typeof PushPayload>

export const ReleasePayload = z.object({
  action: z.string(),
  tag: z.string().min(1).max(1024),
  name: z.string().nullish(),
  project: z.object({ id: Id }),
  commit: z.object({ id: Sha, author: z.object({ name: z.string() }).nullish() }),
})
export type ReleasePayload = z.infer<typeof ReleasePayload>

const Labels = z.array(z.object({ title: z.string() }))

export const MergeRequestPayload = z.object({
  /** What an update has changed. */
  changes: z.object({ labels: z.object({ previous: Labels, current: Labels }).optional() }).nullish(),
  user: z.object({ username: z.string() }),
  project: z.object({ id: Id }),
  object_attributes: z.object({
    iid: z.int().positive(),
    title: z.string(),
    /** Absent when a hook is only tried out. */
    action: z.string().optional(),
    /** There when commits came or went, and not when only words changed. */
    oldrev: Sha.optional(),
    source_branch: Branch,
    target_branch: Branch,
    source_project_id: Id.nullable(),
    target_project_id: Id,
    last_commit: z.object({ id: Sha }),
  }),
})
export type MergeRequestPayload = z.infer<typeof MergeRequestPayload>

export const ProjectPayload = z.object({ project_id: Id })

/** https://docs.gitlab.com/api/projects/#retrieve-a-project */
export const ProjectAnswer = z.object({
  id: Id,
  path: Name,
  visibility: z.enum(['private', 'internal', 'public']),
  /** Null while the project is empty. */
  default_branch: Branch.nullish(),
  /** A person's or a group's; `group/subgroup`. */
  namespace: z.object({
    id: Id,
    full_path: z.string().refine((path) => path.split('/').every((part) => Name.safeParse(part).success)),
  }),
})
