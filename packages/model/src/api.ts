import { z } from 'zod'
import { RateLimits } from './access-policy.ts'
import { ScheduleView } from './async-call.ts'
import { BuildFailure, BuildState } from './build-state.ts'
import { DomainName } from './domain-name.ts'
import { BuildId, CommitSha } from './ids.ts'
import { FunctionName, RepositoryName, TenantSlug } from './names.ts'
import { NOT_ONE_LINE, ONE_LINE } from './one-line.ts'
import { BranchName, RepositorySettings } from './repository-settings.ts'
import { Role } from './roles.ts'

/** What the REST API `/api/v1` takes and gives. Times are ISO 8601 in UTC. */

export const NewTenant = z.strictObject({ slug: TenantSlug })
export type NewTenant = z.infer<typeof NewTenant>

/** The tenant that has the slug, and whether it is there since now alone. */
export const NewTenantView = z.object({ slug: z.string(), isNew: z.boolean() })
export type NewTenantView = z.infer<typeof NewTenantView>

export const NewToken = z.strictObject({
  name: z.string().trim().min(1).max(100).regex(ONE_LINE, NOT_ONE_LINE),
  /** What it may do; all that the tenant's owners may, when this is not there. */
  role: Role.optional(),
  /** From when on it is worth nothing; it does not expire when this is not there. */
  expiresAt: z.iso
    .datetime()
    .refine((at) => Date.parse(at) >= 0, 'a time from 1970 on')
    .optional(),
})
export type NewToken = z.infer<typeof NewToken>

/** An API token as its tenant sees it: never the token itself. */
export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  createdAt: z.string(),
  /** By the API, to the minute; calls of functions are not noted. */
  lastUsedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
})
export type TokenView = z.infer<typeof TokenView>

/** The one time that the token itself is told. */
export const NewTokenView = TokenView.extend({ token: z.string() })
export type NewTokenView = z.infer<typeof NewTokenView>

/** The tokens of a tenant that are not revoked, newest first. */
export const TokenList = z.object({ items: z.array(TokenView) })
export type TokenList = z.infer<typeof TokenList>

/** A webhook that speaks for one repository alone, as it is to be entered at its forge. */
export const RepositoryHookView = z.object({ url: z.url(), secret: z.string() })
export type RepositoryHookView = z.infer<typeof RepositoryHookView>

/** A login that may become a tenant, entered by operators. Logins compare in lower case. */
export const NewAllowedTenant = z.strictObject({
  forge: z.enum(['github', 'gitlab', 'gitea']),
  login: z
    .string()
    .max(255)
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
      'a login has letters, digits, “.”, “_” and “-”; GitLab’s subgroups are parted by “/”',
    )
    .toLowerCase(),
})
export type NewAllowedTenant = z.infer<typeof NewAllowedTenant>

export const AllowedTenantView = z.object({ forge: z.string(), login: z.string() })
export type AllowedTenantView = z.infer<typeof AllowedTenantView>

/** What all functions of a tenant may be asked together: all three are said, null is no limit. */
export const TenantLimits = z.strictObject({
  requestsPerSecond: RateLimits.shape.requestsPerSecond.unwrap(),
  burst: RateLimits.shape.burst.unwrap(),
  concurrentRequests: RateLimits.shape.concurrentRequests.unwrap(),
})
export type TenantLimits = z.infer<typeof TenantLimits>

/** `limits` null: the tenant has the cloud's own. */
export const TenantLimitsView = z.object({ limits: TenantLimits.nullable() })
export type TenantLimitsView = z.infer<typeof TenantLimitsView>

/** A host that the tenant brings itself; with a function, all of it leads to that one. */
export const NewDomain = z.strictObject({ domain: DomainName, function: FunctionName.nullable().default(null) })
export type NewDomain = z.infer<typeof NewDomain>

export const DomainView = z.object({
  domain: z.string(),
  function: z.string().nullable(),
  /** The record that must stand in DNS, and go on standing. */
  record: z.object({ name: z.string(), type: z.literal('TXT'), value: z.string() }),
  /** Since when it is served; null: it is not, because the record was not found yet. */
  verifiedAt: z.string().nullable(),
  checkedAt: z.string().nullable(),
})
export type DomainView = z.infer<typeof DomainView>

/** A tenant's domains, by name. */
export const DomainList = z.object({ items: z.array(DomainView) })
export type DomainList = z.infer<typeof DomainList>

/** What to deploy: where a branch or a tag stands now, or one commit. */
export const NewDeploy = z.union([z.strictObject({ ref: BranchName }), z.strictObject({ sha: CommitSha })])
export type NewDeploy = z.infer<typeof NewDeploy>

export const DeployView = z.object({ build: z.string(), ref: z.string(), sha: z.string(), url: z.string() })
export type DeployView = z.infer<typeof DeployView>

/** A secret URL that deploys a branch; null: the one that deploys. */
export const NewBuildHook = z.strictObject({
  name: z.string().trim().min(1).max(100).regex(ONE_LINE, NOT_ONE_LINE),
  branch: BranchName.nullable().default(null),
})
export type NewBuildHook = z.infer<typeof NewBuildHook>

/** A build hook as its tenant sees it: never the URL again. */
export const BuildHookView = z.object({
  id: z.string(),
  name: z.string(),
  branch: z.string().nullable(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
})
export type BuildHookView = z.infer<typeof BuildHookView>

/** The one time that the URL itself is told. */
export const NewBuildHookView = BuildHookView.extend({ url: z.string() })
export type NewBuildHookView = z.infer<typeof NewBuildHookView>

/** The build hooks of a repository, newest first. */
export const BuildHookList = z.object({ items: z.array(BuildHookView) })
export type BuildHookList = z.infer<typeof BuildHookList>

/** Signs a browser in: an API token of a tenant, or the code of a login link. */
export const NewSession = z.union([
  z.strictObject({ token: z.string().trim().min(1).max(200) }),
  z.strictObject({ code: z.string().min(1).max(100) }),
])
export type NewSession = z.infer<typeof NewSession>

/** A link that signs in whoever opens it first, as the tenant's owner. */
export const LoginLinkView = z.object({ url: z.url(), expiresAt: z.string() })
export type LoginLinkView = z.infer<typeof LoginLinkView>

/** What somebody may do with a tenant. */
export const AccessView = z.object({ tenant: z.string(), forge: z.string(), login: z.string(), role: Role })
export type AccessView = z.infer<typeof AccessView>

/** Who asks. A person may have access to no tenant yet. */
export const SessionView = z.discriminatedUnion('kind', [
  AccessView.extend({ kind: z.literal('tenant') }),
  z.object({ kind: z.literal('person'), forge: z.string(), login: z.string(), tenants: z.array(AccessView) }),
  z.object({ kind: z.literal('operator') }),
])
export type SessionView = z.infer<typeof SessionView>

/** A repository as its tenant sees it. */
export const RepositoryView = z.object({
  name: z.string(),
  forge: z.string(),
  isPrivate: z.boolean(),
  defaultBranch: z.string(),
  settings: RepositorySettings,
})
export type RepositoryView = z.infer<typeof RepositoryView>

/** A repository of the builtin forge, made of a template repository: `https://host/owner/name`, `#branch` or `#tag` at its end. */
export const NewRepository = z.strictObject({
  name: RepositoryName,
  template: z.string().max(500),
})
export type NewRepository = z.infer<typeof NewRepository>

/** A repository that was made, where to push to, and the build of what is in it. */
export const NewRepositoryView = z.object({
  name: z.string(),
  gitUrl: z.string(),
  build: z.string().nullable(),
  url: z.string().nullable(),
})
export type NewRepositoryView = z.infer<typeof NewRepositoryView>

/** The repositories of a tenant that are not removed, by name. */
export const RepositoryList = z.object({ items: z.array(RepositoryView) })
export type RepositoryList = z.infer<typeof RepositoryList>

/** A function as its tenant sees it. */
export const FunctionView = z.object({
  name: z.string(),
  url: z.string(),
  repository: z.string(),
  /**
   * `live`: it serves; `asleep`: no replica runs, the next call wakes one; `deploying`: another revision is on its way, the
   * live one (if any) serves; `down`: nothing was ever live.
   */
  state: z.enum(['live', 'asleep', 'deploying', 'down']),
  /** Replicas that calls are sent to now; null while nobody can tell, for Redis is away. */
  replicas: z.number().int().nullable(),
  sha: z.string().nullable(),
  image: z.string().nullable(),
  buildId: z.string().nullable(),
  liveSince: z.string().nullable(),
  /** Since when somebody's choice holds it where it is; null: it is not pinned. */
  pinnedSince: z.string().nullable(),
  /** Null for a function that the cloud does not call by itself. */
  schedule: ScheduleView.nullable(),
})
export type FunctionView = z.infer<typeof FunctionView>

/** All functions of a tenant, by name. */
export const FunctionList = z.object({ items: z.array(FunctionView) })
export type FunctionList = z.infer<typeof FunctionList>

/** A build as its tenant sees it. */
export const BuildView = z.object({
  id: z.string(),
  tenant: z.string(),
  state: BuildState,
  repository: z.string(),
  ref: z.string(),
  sha: z.string(),
  message: z.string(),
  pusher: z.string(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  failure: BuildFailure.nullable(),
})
export type BuildView = z.infer<typeof BuildView>

/** Which builds: `limit` of them, older than the build `before`. */
export const BuildsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(30),
  before: BuildId.optional(),
})
export type BuildsQuery = z.infer<typeof BuildsQuery>

/** Builds, newest first. `next` is the `before` of the page behind this one, null on the last. */
export const BuildPage = z.object({ items: z.array(BuildView), next: z.string().nullable() })
export type BuildPage = z.infer<typeof BuildPage>

/** An error, as problem+json (RFC 9457). */
export const Problem = z.object({
  type: z.string(),
  status: z.number(),
  title: z.string(),
  detail: z.string(),
  faults: BuildFailure.shape.faults.optional(),
})
export type Problem = z.infer<typeof Problem>
