import { z } from 'zod'
import { AliasName } from './alias.ts'
import { Commit } from './api-revisions.ts'
import { CanaryRules, CanarySteps, CanaryWeight } from './canary-rules.ts'
import { RevisionId } from './ids.ts'

/** What the REST API takes and gives about canaries. Times are ISO 8601 in UTC. */

/** What is tried, on how many calls, and when that is too bad. */
export const NewCanary = z
  .strictObject({
    revision: RevisionId.optional(),
    sha: Commit.optional(),
    alias: AliasName.optional(),
    weight: CanaryWeight.optional(),
    steps: CanarySteps.optional(),
    rules: CanaryRules.prefault({}),
  })
  .refine((of) => [of.revision, of.sha, of.alias].filter((named) => named !== undefined).length === 1, {
    error: 'name a revision, a commit or an alias',
  })
  .refine(({ weight, steps }) => (weight === undefined) !== (steps === undefined), {
    error: 'say a weight, or steps',
  })
export type NewCanary = z.infer<typeof NewCanary>

export const CanaryChange = z.strictObject({ weight: CanaryWeight })
export type CanaryChange = z.infer<typeof CanaryChange>

/** One side's calls within the window. */
const SideSeen = z.object({
  calls: z.number(),
  errors: z.number(),
  /** Milliseconds within which 95 of 100 answers began. */
  p95Ms: z.number(),
})

/** What the controller saw when it looked last. */
export const CanarySight = z.object({
  at: z.string(),
  verdict: z.enum(['wait', 'good', 'worse']),
  /** Null when it is good. */
  why: z.string().nullable(),
  live: SideSeen,
  canary: SideSeen,
})
export type CanarySight = z.infer<typeof CanarySight>

export const CanaryView = z.object({
  id: z.string(),
  function: z.string(),
  revision: z.string(),
  sha: z.string(),
  /** What was live when it began. */
  baseline: z.object({ revision: z.string(), sha: z.string() }),
  /**
   * `starting`: it gets no calls yet; `promoting`: it is going live, and keeps its calls until it is; `returned`: it was worse, did not
   * get ready, or was taken back by hand; `ended`: something newer came between.
   */
  state: z.enum(['starting', 'running', 'promoting', 'promoted', 'returned', 'ended']),
  /** Why it ended, where it did not go live. */
  reason: z.string().nullable(),
  /** Percent of the calls of live. */
  weight: z.number(),
  steps: CanarySteps.nullable(),
  rules: CanaryRules,
  /** Its own URL, while there is one. */
  url: z.string().nullable(),
  createdAt: z.string(),
  /** Since when it has had this weight. */
  weightAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  seen: CanarySight.nullable(),
})
export type CanaryView = z.infer<typeof CanaryView>
