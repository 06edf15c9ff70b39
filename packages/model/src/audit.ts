import { z } from 'zod'

/** What somebody changed by the API. */
export const AuditView = z.object({
  id: z.uuid(),
  at: z.string(),
  /** `operator`, `token <name>`, or a login and its forge: `ada at github`. */
  actor: z.string(),
  /** What the route is called in the API's document. */
  action: z.string(),
  /** Null: of the whole cloud. */
  tenant: z.string().nullable(),
  /** What it was done to, by the path's parameters. */
  subject: z.record(z.string(), z.string()),
  /** The address it came from, as the nearest proxy says. */
  address: z.string(),
})
export type AuditView = z.infer<typeof AuditView>

export const AuditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(30),
  before: z.uuid().optional(),
})
export type AuditQuery = z.infer<typeof AuditQuery>

/** Newest first. `next` is the `before` of the page behind this one, null on the last. */
export const AuditPage = z.object({ items: z.array(AuditView), next: z.string().nullable() })
export type AuditPage = z.infer<typeof AuditPage>
