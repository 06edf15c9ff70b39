import { z } from 'zod'

/**
 * What a revision runs with: the stack's words made definite, defaults filled in, units fixed. Stored with the revision,
 * read by the controller and handed to the engine; it never changes after it is written.
 */
export const FunctionSpec = z.object({
  environment: z.record(z.string(), z.string()),
  /** Names of the tenant's secrets that are mounted at /var/openfaas/secrets/<name>. */
  secrets: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  memoryMiB: z.number().int().positive(),
  /** Cores in thousandths: 500 is half a core. */
  cpuMillis: z.number().int().positive(),
  processes: z.number().int().positive(),
  isRootReadOnly: z.boolean(),
  scale: z.object({ min: z.number().int().nonnegative(), max: z.number().int().positive() }),
  health: z.object({ path: z.string().startsWith('/'), initialDelayMs: z.number().int().nonnegative() }),
  timeouts: z.object({ responseMs: z.number().int().positive(), idleMs: z.number().int().positive() }),
})
export type FunctionSpec = z.infer<typeof FunctionSpec>
