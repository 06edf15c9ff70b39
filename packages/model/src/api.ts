import { z } from 'zod'
import { BuildFailure, BuildState } from './build-state.ts'
import { TenantSlug } from './names.ts'

/** What the REST API `/api/v1` takes and gives. Times are ISO 8601 in UTC. */

export const NewTenant = z.strictObject({ slug: TenantSlug })
export type NewTenant = z.infer<typeof NewTenant>

export const NewToken = z.strictObject({ name: z.string().trim().min(1).max(100) })
export type NewToken = z.infer<typeof NewToken>

/** A function as its tenant sees it. */
export const FunctionView = z.object({
  name: z.string(),
  url: z.string(),
  repository: z.string(),
  /** `live`: it serves; `deploying`: another revision is on its way, the live one (if any) serves; `down`: nothing serves. */
  state: z.enum(['live', 'deploying', 'down']),
  sha: z.string().nullable(),
  image: z.string().nullable(),
  buildId: z.string().nullable(),
  liveSince: z.string().nullable(),
})
export type FunctionView = z.infer<typeof FunctionView>

/** A build as its tenant sees it. */
export const BuildView = z.object({
  id: z.string(),
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

/** An error, as problem+json (RFC 9457). */
export const Problem = z.object({ type: z.string(), status: z.number(), title: z.string(), detail: z.string() })
export type Problem = z.infer<typeof Problem>
