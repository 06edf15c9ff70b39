import { z } from 'zod'
import { BuildState } from './build-state.ts'
import { NOT_ONE_LINE, ONE_LINE } from './one-line.ts'

/** The ledger of deliveries, as the REST API shows it. */

/** Which deliveries: `limit` of them, older than the entry `before`. */
export const DeliveriesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(30),
  before: z.uuid().optional(),
  outcome: z.enum(['accepted', 'ignored']).optional(),
  /** The forge's own name of the event. */
  event: z.string().max(100).regex(ONE_LINE, NOT_ONE_LINE).optional(),
  /** The repository's name when the delivery came. */
  repository: z.string().max(200).regex(ONE_LINE, NOT_ONE_LINE).optional(),
})
export type DeliveriesQuery = z.infer<typeof DeliveriesQuery>

/** One webhook request, and what became of it. */
export const DeliveryView = z.object({
  id: z.string(),
  forge: z.string(),
  /** The forge's own id, as its pages show it. */
  deliveryId: z.string(),
  event: z.string(),
  action: z.string().nullable(),
  /** Whose it is and what it is about, by the names of that time; null where the forge did not say. */
  login: z.string().nullable(),
  repository: z.string().nullable(),
  receivedAt: z.string(),
  outcome: z.enum(['accepted', 'ignored']),
  /** Why it was ignored. */
  reason: z.string().nullable(),
  /** Builds that it brought, its replays' too. */
  builds: z.array(z.object({ id: z.string(), state: BuildState, ref: z.string(), sha: z.string() })),
  isReplayable: z.boolean(),
  /** The last replay; null: there was none. */
  replay: z
    .object({ at: z.string(), outcome: z.enum(['accepted', 'ignored']), reason: z.string().nullable() })
    .nullable(),
})
export type DeliveryView = z.infer<typeof DeliveryView>

/** Deliveries, newest first. `next` is the `before` of the page behind this one, null on the last. */
export const DeliveryPage = z.object({ items: z.array(DeliveryView), next: z.string().nullable() })
export type DeliveryPage = z.infer<typeof DeliveryPage>
