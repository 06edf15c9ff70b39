import { z } from 'zod'
import { TenantSlug } from './names.ts'
import { NOT_ONE_LINE, ONE_LINE } from './one-line.ts'

/** What the REST API takes and gives about rebuilds. Times are ISO 8601 in UTC. */

/** Which functions to build again: those that stand on a base, as their Dockerfiles name it, and those of some tenants. */
export const NewRebuild = z.strictObject({
  base: z.string().trim().min(1).max(512).regex(ONE_LINE, NOT_ONE_LINE).optional(),
  tenants: z.array(TenantSlug).min(1).max(1_000).optional(),
})
export type NewRebuild = z.infer<typeof NewRebuild>

export const RebuildView = z.object({
  id: z.string(),
  base: z.string().nullable(),
  tenants: z.array(z.string()).nullable(),
  createdAt: z.string(),
  /** Null: it goes on. */
  finishedAt: z.string().nullable(),
  /** False: which functions it is about is still to be found out. */
  isPlanned: z.boolean(),
  /** How many functions wait, are being built, are live on today's base, failed, or needed nothing any more. */
  counts: z.object({
    waiting: z.number(),
    building: z.number(),
    done: z.number(),
    failed: z.number(),
    moved: z.number(),
  }),
  /** 100 at most. What was live goes on serving. */
  failed: z.array(
    z.object({
      tenant: z.string(),
      function: z.string(),
      buildId: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})
export type RebuildView = z.infer<typeof RebuildView>

export const RebuildList = z.object({ items: z.array(RebuildView) })
export type RebuildList = z.infer<typeof RebuildList>
