import { z } from 'zod'
import { SideCounts } from './side-counts.ts'

/**
 * What gateways tell the controller of the work that functions have: scaling and sleeping are decided by it. A report
 * comes every interval from every gateway, also when there is nothing to tell, so that silence is never taken for idleness.
 */
export const FunctionLoad = z.object({
  /** Calls under way or held, averaged over the interval. */
  concurrency: z.number().nonnegative(),
  /** Calls that began in the interval. */
  calls: z.number().int().nonnegative(),
  /** Calls that are held at its end because no replica can take them. */
  held: z.number().int().nonnegative(),
  /** Async calls that wait in the queue at its end. */
  queued: z.number().int().nonnegative(),
})
export type FunctionLoad = z.infer<typeof FunctionLoad>

/** What came of a split's calls at one gateway, all since it began: what is lost on its way is in the next report. */
export const SplitLoad = z.object({ live: SideCounts, canary: SideCounts })
export type SplitLoad = z.infer<typeof SplitLoad>

export const LoadReport = z.object({
  gateway: z.string(),
  intervalMs: z.number().positive(),
  /** Sent before its time, because calls are held or much has come at once: to be looked at at once. */
  isUrgent: z.boolean().default(false),
  /** By the key of the route, `<host label>/<function>`; those without any load are left out. */
  functions: z.record(z.string(), FunctionLoad),
  /** By the split's id; those without any call are left out. */
  splits: z.record(z.string(), SplitLoad).optional(),
})
export type LoadReport = z.infer<typeof LoadReport>

/** The channel of LoadReport as JSON. */
export const loadChannel = (cloud: string): string => `${cloud}:load`
