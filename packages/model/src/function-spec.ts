import { z } from 'zod'
import { AccessPolicy } from './access-policy.ts'

/** How many replicas run, and when none does. A revision from before a field was there gets its default. */
export const ScaleSpec = z.object({
  /** Replicas that stand ready; asleep there are none, whatever `min` says. */
  min: z.number().int().nonnegative(),
  max: z.number().int().positive(),
  /** What `target` counts of each replica. */
  type: z.enum(['concurrency', 'rps', 'cpu']).default('concurrency'),
  /** Per replica: calls under way (`concurrency`), calls a second (`rps`), thousandths of a core (`cpu`). */
  target: z.number().positive().default(50),
  /** Idle for so long, its replicas are paused; null: never. */
  pauseAfterMs: z.number().int().nonnegative().nullable().default(null),
  /** Idle for so long, they are stopped; null: never. Not shorter than `pauseAfterMs`. */
  stopAfterMs: z.number().int().nonnegative().nullable().default(null),
  /** Calls that one replica is ever given at once, over all gateways; null: as many as come. */
  maxInflight: z.number().int().positive().nullable().default(null),
  /** Calls that one gateway holds while no replica can take them; null: as many as the cloud allows. */
  holdCalls: z.number().int().positive().nullable().default(null),
  /** How long it holds them; null: as long as the cloud allows. */
  holdMs: z.number().int().positive().nullable().default(null),
})
export type ScaleSpec = z.infer<typeof ScaleSpec>

/** When the cloud itself calls the function. */
export const ScheduleSpec = z.object({
  /** Cron expression of 5 fields, or 6 with seconds in front. */
  cron: z.string(),
  /** IANA name, `Europe/Berlin`. */
  timeZone: z.string(),
})
export type ScheduleSpec = z.infer<typeof ScheduleSpec>

/**
 * What a revision runs with: the stack's words made definite, defaults filled in, units fixed. Stored with the revision,
 * read by the controller and handed to the engine; it never changes after it is written.
 */
export const FunctionSpec = z.object({
  environment: z.record(z.string(), z.string()),
  /** Names of the tenant's secrets that are mounted at /var/openfaas/secrets/<name>. */
  secrets: z.array(z.string()),
  /** By name, secrets of the function alone that stand in its repository, as boxes that only the cluster opens. */
  sealed: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  memoryMiB: z.number().int().positive(),
  /** Cores in thousandths: 500 is half a core. */
  cpuMillis: z.number().int().positive(),
  processes: z.number().int().positive(),
  isRootReadOnly: z.boolean(),
  scale: ScaleSpec,
  health: z.object({ path: z.string().startsWith('/'), initialDelayMs: z.number().int().nonnegative() }),
  timeouts: z.object({
    /** To the first byte of an answer. */
    responseMs: z.number().int().positive(),
    /** Without a byte in either direction. */
    idleMs: z.number().int().positive(),
    /** From the first byte of an answer to its last; null: as long as something moves. */
    answerMs: z.number().int().positive().nullable().default(null),
  }),
  access: AccessPolicy.prefault({}),
  schedule: ScheduleSpec.nullable().default(null),
})
export type FunctionSpec = z.infer<typeof FunctionSpec>
